package dev.parley.signaling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a real TURN server says to our credentials. */
@ExtendWith(Coturn.IsInstalled.class)
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TurnCredentialsCoturnTest {
    private static Coturn coturn;

    @BeforeAll
    static void start() throws Exception {
        coturn = Coturn.start(List.of("north", "south"));
    }

    @AfterAll
    static void stop() throws Exception {
        if (coturn != null) {
            coturn.close();
        }
    }

    @Test
    void eitherSecretOpensARelay() throws Exception {
        assertThat(allocate(server(TurnCredentials.rest("north"), Instant.now())))
                .isEqualTo(TurnClient.OK);
        assertThat(allocate(server(TurnCredentials.rest("south"), Instant.now())))
                .isEqualTo(TurnClient.OK);
    }

    @Test
    void anotherSecretDoesNot() throws Exception {
        assertThat(allocate(server(TurnCredentials.rest("west"), Instant.now())))
                .isEqualTo(TurnClient.UNAUTHORIZED);
    }

    @Test
    void aRotationIsNotNoticedByWhoIsInACall() throws Exception {
        TurnCredentials credentials = TurnCredentials.rest("north");
        IceServer before = server(credentials, Instant.now());
        try (TurnClient client = new TurnClient(coturn.address())) {
            assertThat(client.allocate(before)).isEqualTo(TurnClient.OK);

            credentials.rotate("south");

            assertThat(client.refresh(before)).isEqualTo(TurnClient.OK);
            assertThat(allocate(before)).as("issued before").isEqualTo(TurnClient.OK);
            assertThat(allocate(server(credentials, Instant.now()))).isEqualTo(TurnClient.OK);
        }
    }

    @Test
    void whatHasExpiredDoesNot() throws Exception {
        TurnCredentials credentials = TurnCredentials.rest("north").ttl(Duration.ofMinutes(10));
        Instant now = Instant.now();

        assertThat(allocate(server(credentials, now.minus(Duration.ofMinutes(12)))))
                .isEqualTo(TurnClient.UNAUTHORIZED);
        assertThat(allocate(server(credentials, now.minus(Duration.ofMinutes(10)))))
                .as("within the minute for a clock that is ahead")
                .isEqualTo(TurnClient.OK);
    }

    @Test
    void anExpiryThatIsMovedDoesNot() throws Exception {
        IceServer expired = server(TurnCredentials.rest("north"), Instant.now().minus(Duration.ofHours(2)));
        String later = Objects.requireNonNull(expired.username())
                .replaceFirst("[0-9]+", Long.toString(Instant.now().getEpochSecond() + 3600));

        assertThat(allocate(new IceServer(expired.urls(), later, expired.credential())))
                .isEqualTo(TurnClient.UNAUTHORIZED);
    }

    @Test
    void anyUserMayHaveOne() throws Exception {
        for (String user : List.of("a:b", "9999999999:a", "é 🙂", "%", "a".repeat(400))) {
            IceServer server = TurnCredentials.rest("north").server(List.of("turn:turn.example"), user, Instant.now());
            assertThat(allocate(server)).as(user).isEqualTo(TurnClient.OK);
        }
    }

    @Test
    void anotherSeparatorWorksAsWell() throws Exception {
        try (Coturn other = Coturn.start(List.of("north"), "--rest-api-separator=/")) {
            TurnCredentials credentials = TurnCredentials.rest("north").separator('/');
            try (TurnClient client = new TurnClient(other.address())) {
                assertThat(client.allocate(server(credentials, Instant.now()))).isEqualTo(TurnClient.OK);
            }
        }
    }

    private static IceServer server(TurnCredentials credentials, Instant now) {
        return credentials.server(List.of("turn:turn.example"), "p1", now);
    }

    private static int allocate(IceServer server) throws Exception {
        try (TurnClient client = new TurnClient(coturn.address())) {
            return client.allocate(server);
        }
    }
}
