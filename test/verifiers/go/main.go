package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	ctx := context.Background()
	keys := oidc.NewRemoteKeySet(ctx, os.Getenv("JWKS_URL"))
	verifier := oidc.NewVerifier(os.Getenv("ISSUER"), keys, &oidc.Config{
		ClientID:             os.Getenv("AUDIENCE"), // what it calls the audience
		SupportedSigningAlgs: []string{oidc.RS256},
	})

	token, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	verified, err := verifier.Verify(ctx, string(token))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verified.Subject)
}
