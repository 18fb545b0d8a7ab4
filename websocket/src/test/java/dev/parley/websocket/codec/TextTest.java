package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.ClientFrames.frames;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 6455 section 8.1: text is UTF-8, and is refused with the first byte that can't be. */
class TextTest {
    private static final String MIXED = "a\u00e4\u20ac\ud83d\ude00, and then \u00e4\u20ac\ud83d\ude00 again";

    @Test
    void charactersMayBeCutByFragments() {
        byte[] text = MIXED.getBytes(UTF_8);
        for (int cut = 0; cut <= text.length; cut++) {
            ClientFrames frames = frames().frame(0x01, Arrays.copyOf(text, cut))
                    .ping("\u00e4")
                    .frame(0x80, Arrays.copyOfRange(text, cut, text.length));

            assertThat(Heard.of(frames))
                    .as("cut at %d", cut)
                    .contains("text " + MIXED)
                    .hasSize(2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 9, 15, 16, 17})
    void aBadByteIsFoundWhereverItIs(int at) {
        for (byte bad : new byte[] {(byte) 0x80, (byte) 0xC0, (byte) 0xF5, (byte) 0xFF}) {
            byte[] text = "x".repeat(24).getBytes(UTF_8);
            text[at] = bad;

            assertThat(Heard.of(frames().frame(0x81, text))).containsExactly("! NOT_UTF8");
            assertThat(Heard.of(frames().frame(0x82, text))).containsExactly(Heard.binary(text));
        }
    }

    @Test
    void theEndOfAMessageMustBeTheEndOfACharacter() {
        byte[] euro = "\u20ac".getBytes(UTF_8);
        byte[] cut = Arrays.copyOf(euro, 2);

        assertThat(Heard.of(frames().frame(0x81, cut))).containsExactly("! NOT_UTF8");
        assertThat(Heard.of(frames().frame(0x01, cut).frame(0x80, new byte[0]))).containsExactly("! NOT_UTF8");
        assertThat(Heard.of(frames().frame(0x01, euro).frame(0x80, cut))).containsExactly("! NOT_UTF8");
    }

    @Test
    void oneMessageDoesNotEndAnother() {
        assertThat(Heard.of(frames().binary(new byte[] {(byte) 0xE2}).frame(0x81, new byte[] {(byte) 0x82})))
                .containsExactly("binary e2", "! NOT_UTF8");
    }

    @Test
    void aBadByteIsRefusedThoughTheRestOfItsFrameNeverComes() {
        ClientFrames frames = frames().head(0x81, 50_000).payload(new byte[] {'o', 'k', (byte) 0xC0}, 0, 3);

        assertThat(Heard.of(frames)).containsExactly("! NOT_UTF8");
    }

    @Test
    void aBadByteIsRefusedThoughItsMessageNeverEnds() {
        assertThat(Heard.of(frames().textBegins("a").goesOn("b").frame(0x00, new byte[] {(byte) 0xED, (byte) 0xA0})))
                .containsExactly("! NOT_UTF8");
    }

    @Test
    void goodTextWaitsForTheRestOfItsFrame() {
        ClientFrames frames = frames().head(0x81, 50_000).payload(MIXED.getBytes(UTF_8), 0, 20);

        assertThat(Heard.of(frames)).isEqualTo(List.of());
    }
}
