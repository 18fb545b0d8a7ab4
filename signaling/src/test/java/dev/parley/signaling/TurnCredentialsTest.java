package dev.parley.signaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TurnCredentialsTest {
    private static final List<String> URLS = List.of("turn:turn.example");
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @Test
    void theVectorOfOtherPrograms() {
        Instant now = Instant.ofEpochSecond(1_433_895_918L).minus(MINUTE).minus(Duration.ofHours(1));

        IceServer server = TurnCredentials.rest("north").server(URLS, "my-user-name", now);

        assertThat(server).isEqualTo(new IceServer(URLS, "1433895918:my-user-name", "RylhLTmXMxIFj4j4RAgNChYc2po="));
    }

    @Test
    void theyExpireAMinuteAfterTheirTime() {
        TurnCredentials day = TurnCredentials.rest("north").ttl(Duration.ofDays(1));

        assertThat(day.server(URLS, "p1", Instant.ofEpochSecond(1000)).username())
                .isEqualTo((1000 + 86_400 + 60) + ":p1");
    }

    @Test
    void theyAreRenewedAfterThreeQuarters() {
        Instant now = Instant.ofEpochSecond(1000);

        assertThat(TurnCredentials.rest("north").renew(now)).isEqualTo(now.plus(Duration.ofMinutes(45)));
        assertThat(TurnCredentials.rest("north").ttl(MINUTE).renew(now)).isEqualTo(now.plusSeconds(45));
    }

    @ParameterizedTest
    @CsvSource({
        "':', a:b,        a%3Ab",
        "':', 1:2:3,      1%3A2%3A3",
        "':', a%3Ab,      a%253Ab",
        "':', Ann-1._~,   Ann-1._~",
        "'-', Ann-1._~,   Ann%2D1._~",
        "'/', a/b:c,      a%2Fb%3Ac",
        "':', 'é ',       %C3%A9%20",
        "':', '',         ''"
    })
    void noUserHasASeparator(char separator, String user, String encoded) {
        TurnCredentials credentials = TurnCredentials.rest("north").separator(separator);

        assertThat(credentials.server(URLS, user, Instant.EPOCH).username()).isEqualTo("3660" + separator + encoded);
    }

    @Test
    void aUserFitsIntoTheAttribute() {
        TurnCredentials credentials = TurnCredentials.rest("north");

        assertThat(credentials.server(URLS, "a".repeat(503), Instant.EPOCH).username())
                .hasSize(508);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> credentials.server(URLS, "a".repeat(504), Instant.EPOCH))
                .withMessage("user: 504 characters (expected: a username of up to 508 bytes)");
    }

    @Test
    void theNewestSecretSigns() {
        TurnCredentials rotated = TurnCredentials.rest("south");
        TurnCredentials day = rotated.ttl(Duration.ofDays(1));

        rotated.rotate("north");

        assertThat(rotated.server(URLS, "p1", Instant.EPOCH))
                .isEqualTo(TurnCredentials.rest("north").server(URLS, "p1", Instant.EPOCH));
        assertThat(day.server(URLS, "p1", Instant.EPOCH))
                .as("what was made from it")
                .isEqualTo(TurnCredentials.rest("north").ttl(Duration.ofDays(1)).server(URLS, "p1", Instant.EPOCH));
    }

    @Test
    void aSecretThatIsNoneChangesNothing() {
        TurnCredentials credentials = TurnCredentials.rest("north");

        assertThatIllegalArgumentException().isThrownBy(() -> credentials.rotate("south\n"));

        assertThat(credentials.server(URLS, "p1", Instant.EPOCH))
                .isEqualTo(TurnCredentials.rest("north").server(URLS, "p1", Instant.EPOCH));
    }

    @ParameterizedTest
    @ValueSource(strings = {"north\n", " north", "north ", "nor\0th", "\t"})
    void aSecretIsOneLineWithoutSpaceAround(String secret) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TurnCredentials.rest(secret))
                .withMessage("secret: white space at an end, or a control character (expected: neither)");
    }

    @Test
    void aSecretIsNotEmpty() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TurnCredentials.rest(""))
                .withMessage("secret: empty (expected: that of the TURN server)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT59.999S", "PT720H0.001S", "PT-1H"})
    void theTimeIsWithinBounds(Duration ttl) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TurnCredentials.rest("north").ttl(ttl))
                .withMessage("ttl: " + ttl + " (expected: PT1M to PT720H)");
    }

    @ParameterizedTest
    @ValueSource(chars = {' ', '%', '0', 'a', 'Z', '\n', '\u007F', 'é', '\uFF1A'})
    void aSeparatorIsAMark(char separator) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TurnCredentials.rest("north").separator(separator))
                .withMessage("separator: U+%04X (expected: a mark of ASCII other than %%)", (int) separator);
    }

    @Test
    void theSecretIsNotPrinted() {
        assertThat(TurnCredentials.rest("north")).hasToString("TurnCredentials[ttl=PT1H]");
    }
}
