package dev.parley.signaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.signaling.Firewall.Rules;
import dev.parley.websocket.MessageException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FirewallTest {
    private static final String SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    private static final String CANDIDATE = "candidate:1 1 udp 1 203.0.113.1 5000 typ host";

    @Test
    void aDescriptionMayBeAsLargeAsTheLimit() {
        assertThat(limited(SDP.length(), 10).description(SDP)).isSameAs(SDP);
    }

    @Test
    void aDescriptionMayNotBeLargerThanTheLimit() {
        refuses(
                () -> limited(SDP.length() - 1, 10).description(SDP),
                "too_large",
                "sdp: " + SDP.length() + " characters (expected: <= " + (SDP.length() - 1) + " bytes)");
    }

    @ParameterizedTest
    @CsvSource({"é, 2", "€, 3", "😀, 4"})
    void theLimitIsOnBytesAndNotOnCharacters(String character, int bytes) {
        String sdp = SDP.replace("s=-", "s=" + character);
        int size = SDP.length() - 1 + bytes;

        assertThat(limited(size, 10).description(sdp)).isSameAs(sdp);
        refuses(() -> limited(size - 1, 10).description(sdp), "too_large", null);
    }

    @Test
    void aCandidateMayBeAsLargeAsTheLimit() {
        assertThat(limited(10, CANDIDATE.length()).candidate(CANDIDATE)).containsSame(CANDIDATE);
    }

    @Test
    void aCandidateMayNotBeLargerThanTheLimit() {
        refuses(
                () -> limited(10, CANDIDATE.length() - 1).candidate(CANDIDATE),
                "too_large",
                "candidate: 45 characters (expected: <= 44 bytes)");
    }

    @Test
    void whatACandidateBelongsToMayBeMissing() {
        assertThatCode(() -> limited(1, 1).names(null, null, null)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "audio", "a!#$%&'*+-.^_`{|}~Z9"})
    void aMidIsAToken(String mid) {
        assertThatCode(() -> limited(1, 1).names(mid, null, null)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a:b", "a,b", "ä", "a\r\n"})
    void aMidIsNothingElse(String mid) {
        refuses(() -> limited(1, 1).names(mid, null, null), "invalid_candidate", null);
    }

    @Test
    void aMidHasUpTo64Characters() {
        assertThatCode(() -> limited(1, 1).names("m".repeat(64), null, null)).doesNotThrowAnyException();
        refuses(
                () -> limited(1, 1).names("m".repeat(65), null, null),
                "invalid_candidate",
                "sdpMid: " + "m".repeat(64) + "… (expected: a token of 1 to 64 characters)");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65535})
    void theIndexOfAMediaSectionIsAnUnsignedShort(int index) {
        assertThatCode(() -> limited(1, 1).names(null, index, null)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void theIndexOfAMediaSectionIsNothingElse(int index) {
        refuses(
                () -> limited(1, 1).names(null, index, null),
                "invalid_candidate",
                "sdpMLineIndex: " + index + " (expected: 0 to 65535)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"abcd", "a+/9", "ABCDefgh0123"})
    void aUsernameFragmentIsOfIceCharacters(String fragment) {
        assertThatCode(() -> limited(1, 1).names(null, null, fragment)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "abc", "ab-d", "abc d", "abcdé"})
    void aUsernameFragmentIsNothingElse(String fragment) {
        refuses(
                () -> limited(1, 1).names(null, null, fragment),
                "invalid_candidate",
                "usernameFragment: " + fragment.replace('é', '?') + " (expected: 4 to 256 letters, digits, + or /)");
    }

    @Test
    void aUsernameFragmentHasUpTo256Characters() {
        assertThatCode(() -> limited(1, 1).names(null, null, "u".repeat(256))).doesNotThrowAnyException();
        refuses(() -> limited(1, 1).names(null, null, "u".repeat(257)), "invalid_candidate", null);
    }

    private static Firewall limited(int sdpBytes, int candidateBytes) {
        return new Firewall(new Rules(sdpBytes, candidateBytes, false, false));
    }

    private static void refuses(ThrowingCallable call, String code, @Nullable String message) {
        assertThatThrownBy(call).isInstanceOfSatisfying(MessageException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            if (message != null) {
                assertThat(e).hasMessage(message);
            }
        });
    }
}
