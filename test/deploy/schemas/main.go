// Reads Kubernetes objects as YAML documents from standard input, and prints a line for each one that the API server
// would refuse: an unknown kind, an unknown or repeated field, a value of another type. Exits with 1 after such a line.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
)

func main() {
	for _, add := range []func() error{
		func() error { return monitoring.AddToScheme(scheme.Scheme) },
		func() error { return gateway.Install(scheme.Scheme) },
	} {
		if err := add(); err != nil {
			log.Fatal(err)
		}
	}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme,
		json.SerializerOptions{Yaml: true, Strict: true})

	documents := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	refused := false
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		if _, kind, err := strict.Decode(document, nil, nil); err != nil {
			fmt.Printf("%v: %v\n", kind, err)
			refused = true
		}
	}
	if refused {
		os.Exit(1)
	}
}
