package client;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.endpoint.OAuth2RefreshTokenGrantRequest;
import org.springframework.security.oauth2.client.endpoint.RestClientRefreshTokenTokenResponseClient;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Spring's own settings do all the rest: they are in application.yaml. */
@SpringBootApplication
@RestController
public class Application {
  @GetMapping("/")
  Map<String, Object> home(
      @AuthenticationPrincipal OidcUser user,
      @RegisteredOAuth2AuthorizedClient("twinkey") OAuth2AuthorizedClient signedIn,
      @RegisteredOAuth2AuthorizedClient("machine") OAuth2AuthorizedClient machine) {
    var refreshed =
        new RestClientRefreshTokenTokenResponseClient()
            .getTokenResponse(
                new OAuth2RefreshTokenGrantRequest(
                    signedIn.getClientRegistration(),
                    signedIn.getAccessToken(),
                    signedIn.getRefreshToken()));
    return Map.of(
        "subject", user.getIdToken().getSubject(),
        "userinfo", user.getUserInfo().getClaims(),
        "access_token", signedIn.getAccessToken().getTokenValue(),
        "refreshed_access_token", refreshed.getAccessToken().getTokenValue(),
        "machine_access_token", machine.getAccessToken().getTokenValue());
  }

  public static void main(String[] args) {
    SpringApplication.run(Application.class, args);
  }
}
