package dev.parley.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
final class ParleyServerExtensionTest {
    private static final Routes ROUTES = Routes.builder()
            .get("/hello", exchange -> exchange.respond(Response.text("hello")))
            .build();

    @RegisterExtension
    static final ParleyServerExtension forAll = ParleyServerExtension.of(ROUTES);

    @RegisterExtension
    final ParleyServerExtension forEach =
            ParleyServerExtension.of(ParleyServer.builder().routes(ROUTES).eventLoops(1));

    private static String get(URI uri) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void theServerAnswersOnARealSocket() throws Exception {
        assertThat(get(forAll.uri("/hello"))).isEqualTo("hello");
        assertThat(get(forEach.uri("/hello"))).isEqualTo("hello");
    }

    @Test
    void eachHasAPortOfItsOwn() {
        assertThat(forAll.server().port()).isNotEqualTo(forEach.server().port());
    }

    @Test
    void withoutATestThereIsNoServer() {
        assertThatThrownBy(() -> ParleyServerExtension.of(ROUTES).uri("/"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("server: not started (expected: a field with @RegisterExtension");
    }
}
