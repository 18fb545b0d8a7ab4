package dev.parley.signaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.signaling.Firewall.Rules;
import dev.parley.websocket.MessageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IceCandidateTest {
    private static final Firewall OPEN = new Firewall(new Rules(65_536, 1024, false, false));
    private static final Firewall RELAY_ONLY = new Firewall(new Rules(65_536, 1024, true, false));
    private static final Firewall NOT_PRIVATE = new Firewall(new Rules(65_536, 1024, false, true));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "candidate:1756044478 1 udp 2122194687 127.0.0.1 58462 typ host generation 0 ufrag /M7G network-id 3 network-cost 50",
                "candidate:2043256403 1 udp 2122267903 ::1 42483 typ host generation 0 ufrag eQbd network-id 4 network-cost 50",
                "candidate:2516699178 1 tcp 1518214911 127.0.0.1 9 typ host tcptype active generation 0 ufrag /M7G network-id 3",
                "candidate:456445931 1 udp 58466303 127.0.0.1 64599 typ relay raddr 192.0.2.2 rport 57227 generation 0 ufrag Mwy0",
                "candidate:0 1 UDP 2122252543 192.168.178.23 53421 typ host",
                "candidate:4 1 TCP 2105524479 192.168.178.23 9 typ host tcptype active",
                "candidate:1 1 UDP 1686052863 203.0.113.17 53421 typ srflx raddr 192.168.178.23 rport 53421",
                "candidate:1 1 udp 1 5f3c1f5e-6a1b-4d55-9b0f-1f0a8c2f7d10.local 51372 typ host generation 0",
                "candidate:1 1 udp 1 turn.example.org 3478 typ relay raddr 0.0.0.0 rport 9",
                "candidate:1 2 udp 1 203.0.113.1 0 typ prflx rport 5",
                "candidate:1 256 udp 2147483647 203.0.113.1 65535 typ prflx raddr a.local",
                "candidate:abcdefghijklmnopqrstuvwxyz01+/AB 1 udp 0000000001 203.0.113.1 1 typ host x y:z\"<>",
                "a=candidate:1 1 udp 1 203.0.113.1 5000 typ host",
                ""
            })
    void candidatesOfBrowsersPassAsTheyAre(String candidate) {
        assertThat(OPEN.candidate(candidate)).containsSame(candidate);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "x | candidate:",
                "candidate | candidate:",
                "Candidate:1 1 udp 1 1.2.3.4 1 typ host | candidate:",
                "a=a=candidate:1 1 udp 1 1.2.3.4 1 typ host | candidate:",
                "candidate: | a foundation of 1 to 32 letters, digits, + or /",
                "candidate:a-b 1 udp 1 1.2.3.4 1 typ host | a space at character 12",
                "candidate:abcdefghijklmnopqrstuvwxyz01+/ABC 1 | a foundation of 1 to 32 letters, digits, + or /",
                "candidate:1 0 udp 1 1.2.3.4 1 typ host | a component, 1 to 256",
                "candidate:1 257 udp 1 1.2.3.4 1 typ host | a component, 1 to 256",
                "candidate:1 -1 udp 1 1.2.3.4 1 typ host | a component, 1 to 256",
                "candidate:1 1 sctp 1 1.2.3.4 1 typ host | udp or tcp",
                "candidate:1 1  1 1.2.3.4 1 typ host | udp or tcp",
                "candidate:1 1 udp | a space at character 18",
                "candidate:1 1 udp 0 1.2.3.4 1 typ host | a priority, 1 to 2147483647",
                "candidate:1 1 udp 2147483648 1.2.3.4 1 typ host | a priority, 1 to 2147483647",
                "candidate:1 1 udp 99999999999999999999 1.2.3.4 1 typ host | a priority, 1 to 2147483647",
                "candidate:1 1 udp 1 1.2.3 1 typ host | an IPv4 or IPv6 address, or a name",
                "candidate:1 1 udp 1 [::1] 1 typ host | an IPv4 or IPv6 address, or a name",
                "candidate:1 1 udp 1  1 typ host | an address",
                "candidate:1 1 udp 1 1.2.3.4 65536 typ host | a port, 0 to 65535",
                "candidate:1 1 udp 1 1.2.3.4 x typ host | a port, 0 to 65535",
                "candidate:1 1 udp 1 1.2.3.4 1 | a space at character 30",
                "candidate:1 1 udp 1 1.2.3.4 1  typ host | typ",
                "candidate:1 1 udp 1 1.2.3.4 1 TYP host | typ",
                "candidate:1 1 udp 1 1.2.3.4 1 typ | a space at character 34",
                "candidate:1 1 udp 1 1.2.3.4 1 typ HOST | typ host, srflx, prflx or relay",
                "candidate:1 1 udp 1 1.2.3.4 1 typ local | typ host, srflx, prflx or relay",
                "candidate:1 1 udp 1 1.2.3.4 1 typ hosts | a space at character 39",
                "candidate:1 1 udp 1 1.2.3.4 1 typ srflx raddr x_y | an IPv4 or IPv6 address, or a name",
                "candidate:1 1 udp 1 1.2.3.4 1 typ srflx raddr 1.2.3.4 rport 65536 | a port, 0 to 65535",
                "candidate:1 1 udp 1 1.2.3.4 1 typ srflx rport 1 raddr 1.2.3.4 | typ, raddr and rport once, in this order",
                "candidate:1 1 udp 1 1.2.3.4 1 typ srflx RADDR 1.2.3.4 | typ, raddr and rport once, in this order",
                "candidate:1 1 udp 1 1.2.3.4 1 typ relay a b typ host | typ, raddr and rport once, in this order",
                "candidate:1 1 udp 1 1.2.3.4 1 typ host  a b | the name of an extension",
                "candidate:1 1 udp 1 1.2.3.4 1 typ host a | a space at character 41",
                "candidate:1 1 udp 1 1.2.3.4 1 typ host a: b | a space at character 41",
                "candidate:1 1 udp 1 1.2.3.4 1 typ host a  | a space at character 41",
                "candidate:1 1 udp 1 1.2.3.4 1 typ host a ü | the value of an extension",
            })
    void whatIsMalformedIsRefusedWithWhatWasExpected(String candidate, String expected) {
        assertThatThrownBy(() -> OPEN.candidate(candidate)).isInstanceOfSatisfying(MessageException.class, e -> {
            assertThat(e.code()).isEqualTo("invalid_candidate");
            assertThat(e.getMessage()).startsWith("candidate: ").endsWith(" (expected: " + expected + ")");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\r\n", "\n", " ", "\0", "\u2028", "\uD800", "\r\na=candidate:1 1 udp 1 1.2.3.4 1 typ host"})
    void nothingComesBehindIt(String tail) {
        assertThatThrownBy(() -> OPEN.candidate("candidate:1 1 udp 1 1.2.3.4 1 typ host" + tail))
                .isInstanceOf(MessageException.class);
        assertThatThrownBy(() -> OPEN.candidate("candidate:1 1 udp 1 1.2.3.4 1 typ host a b" + tail))
                .isInstanceOf(MessageException.class);
    }

    @Test
    void errorsShowTheBeginningOnlyAndNoControlCharacters() {
        assertThatThrownBy(() -> OPEN.candidate("\u001B[31m\nä\uD800" + "x".repeat(1000)))
                .hasMessage("candidate: ?[31m???" + "x".repeat(56) + "… (expected: candidate:)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"host", "srflx raddr 10.0.0.1 rport 5", "prflx", "host tcptype active"})
    void relayOnlyDropsAllOtherTypes(String type) {
        assertThat(RELAY_ONLY.candidate("candidate:1 1 udp 1 203.0.113.1 5000 typ " + type))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "198.51.100.1, raddr 203.0.113.1 rport 5000, raddr 0.0.0.0 rport 9",
        "2001:db8::1, raddr 2001:db8::2 rport 5000, raddr :: rport 9",
        "turn.example.org, raddr me.example.org rport 1 generation 0, raddr 0.0.0.0 rport 9 generation 0",
        "198.51.100.1, raddr a.local, raddr 0.0.0.0",
        "198.51.100.1, rport 5000 a b, rport 9 a b",
        "198.51.100.1, raddr 0.0.0.0 rport 5000, raddr 0.0.0.0 rport 9",
        "198.51.100.1, raddr 203.0.113.1 rport 0, raddr 0.0.0.0 rport 0",
    })
    void relayOnlyHidesWhatARelayedOneIsRelatedTo(String address, String related, String hidden) {
        String before = "candidate:1 1 udp 1 " + address + " 5000 typ relay ";

        assertThat(RELAY_ONLY.candidate(before + related)).contains(before + hidden);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " raddr 0.0.0.0 rport 0 generation 0", " raddr :: rport 9", " generation 0"})
    void relayOnlyLeavesARelayedOneThatTellsNothing(String related) {
        String candidate = "candidate:1 1 udp 1 198.51.100.1 5000 typ relay" + related;

        assertThat(RELAY_ONLY.candidate(candidate)).containsSame(candidate);
    }

    @Test
    void theEndOfCandidatesAlwaysPasses() {
        assertThat(RELAY_ONLY.candidate("")).contains("");
        assertThat(NOT_PRIVATE.candidate("")).contains("");
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3, host",
        "192.168.1.1, srflx",
        "100.64.0.1, srflx",
        "169.254.1.1, host",
        "127.0.0.1, relay",
        "0.0.0.0, host",
        "::1, host",
        "fd00::2, host",
        "fe80::1, prflx",
        "::ffff:192.168.1.1, host",
        "localhost, host",
        "intranet.example, relay"
    })
    void privateAddressesAreDroppedWhateverTheirType(String address, String type) {
        assertThat(NOT_PRIVATE.candidate("candidate:1 1 udp 1 " + address + " 5000 typ " + type))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"203.0.113.1", "2001:db8::1", "5f3c1f5e-6a1b-4d55-9b0f-1f0a8c2f7d10.local"})
    void publicAddressesAndNamesOfMulticastDnsAreNot(String address) {
        String candidate = "candidate:1 1 udp 1 " + address + " 5000 typ srflx raddr 203.0.113.7 rport 5000";

        assertThat(NOT_PRIVATE.candidate(candidate)).containsSame(candidate);
    }

    @Test
    void aPrivateRelatedAddressIsHidden() {
        assertThat(NOT_PRIVATE.candidate(
                        "candidate:1 1 udp 1 203.0.113.1 5000 typ srflx raddr 192.168.1.1 rport 5000 generation 0"))
                .contains("candidate:1 1 udp 1 203.0.113.1 5000 typ srflx raddr 0.0.0.0 rport 9 generation 0");
    }
}
