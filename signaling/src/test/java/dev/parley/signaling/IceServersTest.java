package dev.parley.signaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IceServersTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.750Z");

    @Test
    void noServersAreNeverRenewed() {
        assertThat(IceServers.none().grant("ann", NOW)).isEqualTo(new IceServers.Grant(List.of(), null));
    }

    @Test
    void serversComeInTheOrderInWhichTheyWereNamed() {
        IceServers servers = IceServers.stun("stun:stun.example", "stuns:stun.example:5349")
                .turn("turn:one.example", "ann", "wonderland")
                .turn(List.of("turn:two.example", "turns:two.example?transport=tcp"), TurnCredentials.rest("north"));

        IceServers.Grant grant = servers.grant("p1", NOW);

        assertThat(grant.servers())
                .extracting(IceServer::urls, IceServer::username)
                .containsExactly(
                        tuple(List.of("stun:stun.example", "stuns:stun.example:5349"), null),
                        tuple(List.of("turn:one.example"), "ann"),
                        tuple(List.of("turn:two.example", "turns:two.example?transport=tcp"), "1767229260:p1"));
        assertThat(grant.servers().get(1).credential()).isEqualTo("wonderland");
    }

    @Test
    void serversAreImmutable() {
        IceServers stun = IceServers.stun("stun:stun.example");

        stun.turn("turn:turn.example", TurnCredentials.rest("north"));

        assertThat(stun.grant("p1", NOW).servers()).hasSize(1);
    }

    @Test
    void fixedCredentialsAreNeverRenewed() {
        IceServers servers = IceServers.none().turn("turn:turn.example", "ann", "wonderland");

        assertThat(servers.grant("p1", NOW).renew()).isNull();
    }

    @Test
    void theFirstThatExpiresSaysWhenToRenew() {
        TurnCredentials hour = TurnCredentials.rest("north");
        IceServers servers = IceServers.none()
                .turn("turn:one.example", hour)
                .turn("turn:two.example", hour.ttl(Duration.ofMinutes(20)))
                .turn("turn:three.example", hour);

        assertThat(servers.grant("p1", NOW).renew()).isEqualTo(NOW.plus(Duration.ofMinutes(15)));
    }

    @Test
    void nothingThatIsPrintedHasACredential() {
        IceServers servers = IceServers.none()
                .turn("turn:one.example", "ann", "wonderland")
                .turn("turn:two.example", TurnCredentials.rest("north"));

        assertThat(servers).hasToString("IceServers[[turn:one.example], [turn:two.example]]");
        assertThat(servers.grant("p1", NOW).toString())
                .doesNotContain("wonderland")
                .doesNotContain(servers.grant("p1", NOW).servers().get(1).credential());
    }

    @Test
    void aFixedLoginIsNotEmpty() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IceServers.none().turn("turn:turn.example", "", "wonderland"))
                .withMessage("username: empty (expected: one)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IceServers.none().turn("turn:turn.example", "ann", ""))
                .withMessage("credential: empty (expected: one)");
    }

    @Test
    void thereIsAtLeastOneUrl() {
        assertThatIllegalArgumentException()
                .isThrownBy(IceServers::stun)
                .withMessage("urls: none (expected: at least one)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "turn:turn.example",
                "turns:turn.example",
                "turn:Turn-1.Example.:1",
                "turn:192.0.2.1:65535?transport=udp",
                "turns:[2001:db8::1]:443?transport=tcp",
                "turn:[::ffff:192.0.2.1]",
                "turn:coturn_1",
                "turn:1a.2b"
            })
    void urlsOfTurn(String url) {
        IceServers servers = IceServers.none().turn(url, "ann", "wonderland");

        assertThat(servers.grant("p1", NOW).servers().get(0).urls()).containsExactly(url);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "\"\"                              ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn.example                      ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn:                             ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn://turn.example               ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "TURN:turn.example                 ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "stun:stun.example                 ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn:ann@turn.example             ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn:turn.example/                ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn:turn.example:                ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn:turn.example:123456          ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn:turn.example?transport=sctp  ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn:turn.example?transport=tcp&a ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn:türn.example                 ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn:2001:db8::1                  ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "\"turn:turn.example \"            ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "\"turn:turn.example\n\"           ; turn:host[:port][?transport=udp|tcp] or turns:…",
                "turn:turn.example:0               ; a port of 1 to 65535",
                "turn:turn.example:65536           ; a port of 1 to 65535",
                "turn:192.0.2.256                  ; a name, an IPv4 address, or an IPv6 address in brackets",
                "turn:1.2.3                        ; a name, an IPv4 address, or an IPv6 address in brackets",
                "turn:.example                     ; a name, an IPv4 address, or an IPv6 address in brackets",
                "turn:turn..example                ; a name, an IPv4 address, or an IPv6 address in brackets",
                "turn:[2001:db8]                   ; a name, an IPv4 address, or an IPv6 address in brackets"
            })
    void noUrlsOfTurn(String url, String expected) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IceServers.none().turn(url, TurnCredentials.rest("north")))
                .withMessage("url: " + url + " (expected: " + expected + ")");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "turn:stun.example               ; stun:host[:port] or stuns:…",
                "stun:stun.example?a             ; stun:host[:port] or stuns:…",
                "stun:stun.example?transport=udp ; no transport, which is for TURN only"
            })
    void noUrlsOfStun(String url, String expected) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IceServers.stun("stun:stun.example", url))
                .withMessage("url: " + url + " (expected: " + expected + ")");
    }
}
