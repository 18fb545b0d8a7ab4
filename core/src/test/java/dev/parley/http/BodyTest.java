package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyTest {
    private record Point(int x, int y) {}

    private static Body body(String bytes, String contentType) {
        return new Body(
                bytes.getBytes(StandardCharsets.ISO_8859_1),
                new DefaultHttpHeaders().set("Content-Type", contentType),
                EmptyHttpHeaders.INSTANCE);
    }

    @Test
    void textIsUtf8UnlessItSaysOtherwise() {
        assertThat(body("\u00c3\u00a4", "text/plain").text()).isEqualTo("\u00e4");
        assertThat(body("\u00e4", "text/plain; charset=iso-8859-1").text()).isEqualTo("\u00e4");
        assertThat(body("\u00c3\u00a4", "text/plain; charset=nonsense").text()).isEqualTo("\u00e4");
        assertThat(body("\u00ff", "text/plain").text()).isEqualTo("\ufffd");
    }

    @Test
    void jsonIsReadIntoATypeWithUnknownMembersIgnored() {
        assertThat(body("{\"x\":1,\"z\":[],\"y\":2}", "application/json").json(Point.class))
                .isEqualTo(new Point(1, 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"x\":1,\n\"y\":secret}", "{\"x\":1,\n\"y\":\"secret\"}", "{\"x\":1}\nsecret"})
    void whatIsNotThatJsonIsToldWithItsPlaceAndNothingOfTheBody(String text) {
        Body body = body(text, "application/json");
        ProblemException refused = catchThrowableOfType(ProblemException.class, () -> body.json(Point.class));
        assertThat(refused.problem().status()).isEqualTo(400);
        assertThat(refused.problem().extensions()).containsEntry("line", 2).containsKey("column");
        assertThat(refused.problem().toString()).doesNotContain("secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null"})
    void nothingIsNoJson(String text) {
        Body body = body(text, "application/json");
        ProblemException refused = catchThrowableOfType(ProblemException.class, () -> body.json(Point.class));
        assertThat(refused.problem().status()).isEqualTo(400);
    }
}
