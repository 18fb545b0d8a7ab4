package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Any header lines at all: a handshake throws nothing, and answers only with what was asked for. A build runs the seeds, and lines
 * by a generator whose own seed is fixed. To search for new ones, for ten minutes:
 *
 * <pre>{@code JAZZER_FUZZ=1 mvn -pl websocket -am test -Djazzer.hooks=true -Dtest=HandshakeFuzzTest#anyLines \
 *   -Dsurefire.failIfNoSpecifiedTests=false}</pre>
 */
class HandshakeFuzzTest {
    private static final Handshake HANDSHAKE =
            new Handshake(List.of("chat", "json"), DeflateSettings.withoutTakeover());
    private static final int GENERATED = 20_000;
    private static final List<String> TOKENS = List.of(
            "permessage-deflate",
            "server_no_context_takeover",
            "client_no_context_takeover",
            "server_max_window_bits",
            "client_max_window_bits",
            "chat",
            "json",
            "x",
            ";",
            ";",
            ",",
            "=",
            "\"",
            "\\",
            " ",
            "\t",
            "8",
            "15",
            "16",
            "\n",
            "\u00e4");

    /** The lines of both fields, extensions and subprotocols. */
    @FuzzTest(maxDuration = "10m")
    void anyLines(byte[] input) {
        areAnswered(List.of(new String(input, ISO_8859_1).split("\n", -1)));
    }

    /** Whether something was agreed on. */
    private static boolean areAnswered(List<String> lines) {
        Optional<DeflateAgreement> agreement = DeflateAgreement.negotiate(lines, DeflateSettings.withoutTakeover());
        agreement.ifPresent(agreed -> {
            assertThat(String.join("\n", lines)).contains("permessage-deflate");
            assertThat(agreed.serverMaxWindowBits()).isBetween(8, 15);
            assertThat(DeflateAgreement.negotiate(List.of(agreed.headerValue()), DeflateSettings.withoutTakeover()))
                    .map(DeflateAgreement::headerValue)
                    .hasValue(agreed.headerValue());
        });
        if (lines.stream().noneMatch(line -> line.contains("\""))) { // a quoted string does not go on in another line
            assertThat(DeflateAgreement.negotiate(List.of(String.join(",", lines)), DeflateSettings.withoutTakeover())
                            .isPresent())
                    .isEqualTo(agreement.isPresent());
        }
        HttpHeaders headers =
                DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        headers.set(HttpHeaderNames.SEC_WEBSOCKET_VERSION, "13");
        headers.set(HttpHeaderNames.SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==");
        headers.set(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS, lines);
        headers.set(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, lines);
        if (HANDSHAKE.http1(HttpMethod.GET, Optional.of("websocket"), headers) instanceof Handshake.Accepted accepted) {
            assertThat(accepted.deflate() != null).isEqualTo(agreement.isPresent());
            if (accepted.subprotocol() != null) {
                assertThat(String.join("\n", lines)).contains(accepted.subprotocol());
            }
        }
        return agreement.isPresent();
    }

    @Test
    void linesThatAreNearlyOffersAreAnswered() {
        SplittableRandom random = new SplittableRandom(7692);
        int agreed = 0;
        for (int i = 0; i < GENERATED; i++) {
            StringBuilder lines = new StringBuilder(random.nextBoolean() ? "permessage-deflate" : "");
            for (int left = random.nextInt(12); left > 0; left--) {
                lines.append(TOKENS.get(random.nextInt(TOKENS.size())));
            }
            agreed += areAnswered(List.of(lines.toString().split("\n", -1))) ? 1 : 0;
        }
        assertThat(agreed).isBetween(GENERATED / 100, GENERATED / 2);
    }
}
