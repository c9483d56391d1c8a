package verifier;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.*;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@RestController
public class Application {
  @Bean
  JwtDecoder jwtDecoder(
      @Value("${ISSUER}") String issuer,
      @Value("${AUDIENCE}") String audience,
      @Value("${JWKS_URL}") String jwksUrl,
      @Value("${TOKEN_TYPE}") String type) {
    var decoder = NimbusJwtDecoder.withJwkSetUri(jwksUrl).jwsAlgorithm(SignatureAlgorithm.RS256).build();
    decoder.setJwtValidator(
        new DelegatingOAuth2TokenValidator<>(
            new JwtTypeValidator(type), // by default only JWT is accepted
            new JwtIssuerValidator(issuer),
            new JwtAudienceValidator(audience),
            new JwtTimestampValidator()));
    return decoder;
  }

  @GetMapping("/")
  String home(@AuthenticationPrincipal Jwt token) {
    return token.getSubject();
  }

  public static void main(String[] args) {
    SpringApplication.run(Application.class, args);
  }
}
