package dev.parley.signaling;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.signaling.Firewall.Rules;
import dev.parley.websocket.MessageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionDescriptionTest {
    static final Firewall OPEN = new Firewall(new Rules(1 << 20, 1024, false, false));
    static final Firewall RELAY_ONLY = new Firewall(new Rules(1 << 20, 1024, true, false));
    static final Firewall NOT_PRIVATE = new Firewall(new Rules(1 << 20, 1024, false, true));
    static final Firewall BOTH = new Firewall(new Rules(1 << 20, 1024, true, true));

    /** Of Chromium 156 as it made them; the others in the form that their browsers give them. */
    static List<String> browsers() {
        return List.of(
                "chromium-offer-trickle",
                "chromium-offer-gathered",
                "chromium-offer-relayed",
                "chromium-answer",
                "chromium-renegotiation",
                "firefox-offer",
                "safari-offer",
                "ice-lite-answer");
    }

    static String sdp(String name) {
        try (InputStream in = Objects.requireNonNull(
                SessionDescriptionTest.class.getResourceAsStream("sdp/" + name + ".sdp"), name)) {
            return new String(in.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final Pattern RELAY = Pattern.compile("^a=candidate:\\S+ \\S+ \\S+ \\S+ (\\S+) \\S+ typ relay");
    /** Dotted decimals, or hexadecimal groups that are not a fingerprint. */
    private static final Pattern ADDRESS =
            Pattern.compile("(?<=[ ])((?:\\d+\\.){3}\\d+|(?:[0-9a-f]{1,4}:)*[0-9a-f]{0,4}::[0-9a-f:]*)(?= |$)");

    /** Lines in one line, with spaces around {@code |} between them. */
    private static String lines(String lines) {
        return lines.replace(" | ", "\r\n") + "\r\n";
    }

    private static final String SESSION = "v=0 | o=- 1 2 IN IP4 127.0.0.1 | s=- | t=0 0";
    private static final String MEDIA = SESSION + " | m=audio 9 RTP/SAVPF 111";

    @ParameterizedTest
    @MethodSource("browsers")
    void descriptionsOfBrowsersPassAsTheyAre(String name) {
        String sdp = sdp(name);

        assertThat(OPEN.description(sdp)).isSameAs(sdp);
    }

    @Test
    void descriptionsThatTellNoAddressPassAsTheyAreUnderAnyRules() {
        String sdp = sdp("chromium-offer-trickle");

        assertThat(BOTH.description(sdp)).isSameAs(sdp);
    }

    @ParameterizedTest
    @MethodSource("browsers")
    void lineEndsOfEitherKindPass(String name) {
        String sdp = sdp(name).replace("\r\n", "\n");

        assertThat(OPEN.description(sdp)).isSameAs(sdp);
        assertThat(BOTH.description(sdp)).isEqualTo(BOTH.description(sdp(name)).replace("\r\n", "\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                SESSION,
                "v=0 | o=a 1 2 IN IP6 ::1 | s=a b | i=c | u=http://a | e=a | e=b | p=1 | p=2 | c=IN IP6 ::1 | b=AS:1 | b=CT:2"
                        + " | t=1 2 | r=1 | r=2 | z=1 | t=0 0 | k=prompt | a=x | a=y:z",
                "v=0 | o=a 1 2 IN IP4 host.example | s=\u00E4\u20AC\uD83D\uDE00 | t=0 0",
                MEDIA + " | i=a | c=IN IP4 1.2.3.4 | b=AS:1 | k=prompt | a=x",
                MEDIA + " | a=mid:0 | b=AS:1 | a=x",
                SESSION + " | m=audio 0 RTP/SAVPF 0 | m=video 65535/2 UDP/TLS/RTP/SAVPF 1 2 3 | m=x 9 y z",
                MEDIA + " | a=fingerprint:sha-3 AB:CD",
                MEDIA + " | a=fingerprint:SHA-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33",
                MEDIA + " | a=rtcp:9 | a=setup:holdconn | a=end-of-candidates",
                SESSION + " | a=group:LS | a=group:BUNDLE a b | a=ice-lite | a=ice-ufrag:abcd",
                MEDIA + " | a=anything: \u0001\t\u2028 goes",
            })
    void whatTheGrammarHasPasses(String lines) {
        String sdp = lines(lines);

        assertThat(OPEN.description(sdp)).isSameAs(sdp);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "o=- 1 2 IN IP4 127.0.0.1; line 1: o=- 1 2 IN IP4 127.0.0.1 (expected: v=)",
                "v=1; line 1: v=1 (expected: 0)",
                "v=00; line 1: v=00 (expected: nothing behind character 3)",
                "v=0; line 2:  (expected: o=)",
                "v=0 | v=0; line 2: v=0 (expected: lines in the order vosiuepcbtrzka and m)",
                "v=0 | s=-; line 2: s=- (expected: o=)",
                "v=0 | o=- 1 2 IN IP4 127.0.0.1 | t=0 0; line 3: t=0 0 (expected: s=)",
                "v=0 | o=- 1 2 IN IP4 127.0.0.1 | s=-; line 4:  (expected: t=)",
                "v=0 | o=- 1 2 IN IP4 127.0.0.1 | s=- | m=a 9 b c; line 4: m=a 9 b c (expected: t=)",
                "v=0 | o=- 1 2 IN IP4 127.0.0.1 | s=- | a=x; line 4: a=x (expected: t=)",
                "v=0 | o=1 2 IN IP4 127.0.0.1; line 2: o=1 2 IN IP4 127.0.0.1 (expected: the version of the session in digits)",
                "v=0 | o=- x 2 IN IP4 127.0.0.1; line 2: o=- x 2 IN IP4 127.0.0.1 (expected: the id of the session in digits)",
                "v=0 | o=- 1 2 in IP4 127.0.0.1; line 2: o=- 1 2 in IP4 127.0.0.1 (expected: IN IP4 or IN IP6, and an address)",
                "v=0 | o=- 1 2 IN IP5 127.0.0.1; line 2: o=- 1 2 IN IP5 127.0.0.1 (expected: IN IP4 or IN IP6, and an address)",
                "v=0 | o=- 1 2 IN IP6 127.0.0.1; line 2: o=- 1 2 IN IP6 127.0.0.1 (expected: an IPv6 address)",
                "v=0 | o=- 1 2 IN IP4 ::1; line 2: o=- 1 2 IN IP4 ::1 (expected: an IPv4 address)",
                "v=0 | o=- 1 2 IN IP4 1.2.3; line 2: o=- 1 2 IN IP4 1.2.3 (expected: an IPv4 or IPv6 address, or a name)",
            })
    void aSessionBeginsAsItShould(String lines, String message) {
        refuses(lines(lines), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "t=0; line 5: t=0 (expected: a space at character 4)",
                "t=0 x; line 5: t=0 x (expected: a time in digits)",
                "s=-; line 5: s=- (expected: lines in the order vosiuepcbtrzka and m)",
                "c=IN IP4 1.2.3.4; line 5: c=IN IP4 1.2.3.4 (expected: lines in the order vosiuepcbtrzka and m)",
                "x=1; line 5: x=1 (expected: a line of type vosiuepcbtrzka or m)",
                "A=1; line 5: A=1 (expected: a line of type vosiuepcbtrzka or m)",
                "a=x | k=1; line 6: k=1 (expected: lines in the order vosiuepcbtrzka and m)",
                "k=1 | k=1; line 6: k=1 (expected: lines in the order vosiuepcbtrzka and m)",
                "a; line 5: a (expected: a letter, = and a value)",
                "a=; line 5: a= (expected: a letter, = and a value)",
                "ab=c; line 5: ab=c (expected: a letter, = and a value)",
                "a =c; line 5: a =c (expected: a letter, = and a value)",
                "a=mid:1; line 5: a=mid:1 (expected: this attribute in a media section only)",
                "a=Candidate:1 1 udp 1 1.2.3.4 1 typ host; line 5: a=Candidate:1 1 udp 1 1.2.3.4 1 typ host (expected: this attribute in a media section only)",
                "m=audio; line 5: m=audio (expected: a space at character 8)",
                "m=a/b 9 c d; line 5: m=a/b 9 c d (expected: a space at character 4)",
                "m=audio 65536 a b; line 5: m=audio 65536 a b (expected: a port, 0 to 65535)",
                "m=audio -1 a b; line 5: m=audio -1 a b (expected: a port, 0 to 65535)",
                "m=audio 9/ a b; line 5: m=audio 9/ a b (expected: a number of ports)",
                "m=audio 9 a/ b; line 5: m=audio 9 a/ b (expected: a protocol)",
                "m=audio 9 a; line 5: m=audio 9 a (expected: a space at character 12)",
                "m=audio 9 a b  c; line 5: m=audio 9 a b  c (expected: a format)",
                "m=a 9 b c | t=0 0; line 6: t=0 0 (expected: in a media section i=, c=, b=, k= and a=, in this order)",
                "m=a 9 b c | v=0; line 6: v=0 (expected: in a media section i=, c=, b=, k= and a=, in this order)",
                "m=a 9 b c | i=a | i=b; line 7: i=b (expected: in a media section i=, c=, b=, k= and a=, in this order)",
                "m=a 9 b c | a=x | c=IN IP4 1.2.3.4; line 7: c=IN IP4 1.2.3.4 (expected: in a media section i=, c=, b=, k= and a=, in this order)",
                "m=a 9 b c | c=IN IP4 1.2.3.4 | c=IN IP4 1.2.3.4; line 7: c=IN IP4 1.2.3.4 (expected: in a media section i=, c=, b=, k= and a=, in this order)",
                "m=a 9 b c | c=IN IP4 224.2.1.1/127; line 6: c=IN IP4 224.2.1.1/127 (expected: an IPv4 or IPv6 address, or a name)",
                "m=a 9 b c | b=AS; line 6: b=AS (expected: :)",
                "m=a 9 b c | b=AS:x; line 6: b=AS:x (expected: a bandwidth in digits)",
                "m=a 9 b c | b=:1; line 6: b=:1 (expected: the type of a bandwidth)",
            })
    void theOtherLinesAreInOrderAndWellFormed(String more, String message) {
        refuses(lines(SESSION + " | " + more), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "a=:x; the name of an attribute",
                "a=a b; the name of an attribute, and : before a value",
                "a=ä; the name of an attribute",
                "a=x:; a value behind :",
                "a=mid; : and a value",
                "a=mid:a b; nothing behind character 7",
                "a=mid:a:b; nothing behind character 7",
                "a=mid:/; a token of 1 to 64 characters",
                "a=mid:1 | m=a 9 b c | a=mid:1; an identification that no other media section has",
                "a=mid:1 | a=mid:1; an identification that no other media section has",
                "a=group:BUNDLE  1; the identification of a media section",
                "a=group: 1; what the group means",
                "a=ice-ufrag:abc; 4 to 256 letters, digits, + or /",
                "a=ice-ufrag:abc-; 4 to 256 letters, digits, + or /",
                "a=ICE-Ufrag:abc; 4 to 256 letters, digits, + or /",
                "a=ice-ufrag:abcd e; nothing behind character 16",
                "a=ice-pwd:abcdefghijklmnopqrstu; 22 to 256 letters, digits, + or /",
                "a=fingerprint:sha-256; a space at character 22",
                "a=fingerprint:md5 00:11; no MD2, no MD5",
                "a=fingerprint:MD2 00:11; no MD2, no MD5",
                "a=fingerprint:sha-256 00:11; 32 bytes",
                "a=fingerprint:sha-1 00; 20 bytes",
                "a=fingerprint:sha-224 00; 28 bytes",
                "a=fingerprint:sha-384 00; 48 bytes",
                "a=fingerprint:sha-512 00; 64 bytes",
                "a=fingerprint:x ab:cd; bytes in hexadecimal, in capitals",
                "a=fingerprint:x A; bytes in hexadecimal, in capitals",
                "a=fingerprint:x ABC; bytes in hexadecimal, in capitals",
                "a=fingerprint:x AB:; bytes in hexadecimal, in capitals",
                "a=setup:both; actpass, active, passive or holdconn",
                "a=setup:activex; nothing behind character 14",
                "a=rtcp:x; a port, 0 to 65535",
                "a=rtcp:9 IN IP4; IN IP4 or IN IP6, and an address",
                "a=rtcp:9 IN IP4 1.2.3.4 5; nothing behind character 23",
                "a=end-of-candidates:1; nothing behind character 20",
                "a=candidate; : and a value",
                "a=candidate:1 1 udp 1 1.2.3.4 1 typ x; typ host, srflx, prflx or relay",
                "a=candidate:1 1 udp 1 1.2.3.4 1 typ host a; a space at character 43",
            })
    void attributesThatAConnectionHangsOnAreWellFormed(String more, String expected) {
        assertThatThrownBy(() -> OPEN.description(lines(MEDIA + " | " + more)))
                .isInstanceOfSatisfying(MessageException.class, e -> {
                    assertThat(e.code()).isEqualTo("invalid_sdp");
                    String last = more.substring(more.lastIndexOf("a="));
                    assertThat(e.getMessage())
                            .isEqualTo("line " + (more.contains("m=") ? 8 : more.contains("|") ? 7 : 6) + ": "
                                    + last.replace('ä', '?') + " (expected: " + expected + ")");
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\0b",
                "a\rb",
                "a\r",
                "\uD83D",
                "\uDE00",
                "\uD83D\uD83D\uDE00",
                "\uDE00\uD83D",
                "\uD83D\uDE00\uDE00"
            })
    void linesAreOfWholeCharactersWithoutNulAndCr(String text) {
        assertThatThrownBy(() -> OPEN.description(lines(SESSION + " | a=x:" + text + "\u00A0")))
                .hasMessageMatching(
                        "(?s)line 5: a=x:.* \\(expected: text without NUL, single CR or half a character\\)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "\n"})
    void anEmptyLineIsNone(String end) {
        refuses(lines(SESSION) + end, "line 5:  (expected: a letter, = and a value)");
    }

    @Test
    void nothingIsNoDescription() {
        refuses("", "line 1:  (expected: v=)");
    }

    @Test
    void theLastLineEndsToo() {
        refuses("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0", "line 4: t=0 0 (expected: CR LF at its end)");
        refuses("v=0\r", "line 1: v=0 (expected: text without NUL, single CR or half a character)");
    }

    @Test
    void aLineIsNeverShownWhole() {
        refuses(
                lines(SESSION + " | a=mid:" + "m".repeat(5000)),
                "line 5: a=mid:" + "m".repeat(58) + "… (expected: this attribute in a media section only)");
    }

    @Test
    void linesHaveABound() {
        String most = lines(SESSION + " | a=" + "x".repeat(SessionDescription.MAX_LINE_CHARS - 2));
        String more = lines(SESSION + " | a=" + "x".repeat(SessionDescription.MAX_LINE_CHARS - 1));

        assertThat(OPEN.description(most)).isSameAs(most);
        isTooLarge(more, "line 5: more characters (expected: <= 8192)");
        isTooLarge(more.replace("\r\n", "\n"), "line 5: more characters (expected: <= 8192)");
    }

    @Test
    void thereIsABoundOnLines() {
        String most = lines(SESSION) + "a=x\r\n".repeat(SessionDescription.MAX_LINES - 4);

        assertThat(OPEN.description(most)).isSameAs(most);
        isTooLarge(most + "a=x\r\n", "sdp: more lines (expected: <= 4000)");
    }

    @Test
    void thereIsABoundOnMediaSections() {
        String most = lines(SESSION) + "m=a 9 b c\r\n".repeat(SessionDescription.MAX_MEDIA_SECTIONS);

        assertThat(OPEN.description(most)).isSameAs(most);
        isTooLarge(most + "m=a 9 b c\r\n", "sdp: more media sections (expected: <= 128)");
    }

    @Test
    void relayOnlyLeavesRelayedCandidatesAndNoOtherAddress() {
        String sdp = lines("v=0 | o=me 1 2 IN IP6 2001:db8::7 | s=- | c=IN IP4 203.0.113.1 | t=0 0"
                + " | m=audio 5000 RTP/SAVPF 0 | c=IN IP6 2001:db8::7 | a=rtcp:5001 IN IP4 203.0.113.1"
                + " | a=candidate:1 1 udp 1 192.168.1.1 5000 typ host"
                + " | a=candidate:2 1 udp 1 203.0.113.1 5000 typ srflx raddr 192.168.1.1 rport 5000"
                + " | a=candidate:3 1 udp 1 198.51.100.1 6000 typ relay raddr 203.0.113.1 rport 5000 generation 0"
                + " | a=remote-candidates:1 203.0.113.2 5000 | a=end-of-candidates"
                + " | m=video 0 RTP/SAVPF 1 | a=rtcp:5001 | a=CANDIDATE:1 1 udp 1 192.168.1.1 5000 typ host");

        assertThat(RELAY_ONLY.description(sdp))
                .isEqualTo(lines("v=0 | o=me 1 2 IN IP4 127.0.0.1 | s=- | c=IN IP4 0.0.0.0 | t=0 0"
                        + " | m=audio 9 RTP/SAVPF 0 | c=IN IP4 0.0.0.0 | a=rtcp:9 IN IP4 0.0.0.0"
                        + " | a=candidate:3 1 udp 1 198.51.100.1 6000 typ relay raddr 0.0.0.0 rport 9 generation 0"
                        + " | a=end-of-candidates"
                        + " | m=video 0 RTP/SAVPF 1 | a=rtcp:9"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1.example", "127.0.0.10", "0.0.0.0.example", "me.local", "203.0.113.1"})
    void addressesThatBeginAsNeutralOnesAreTakenOut(String address) {
        String sdp = lines("v=0 | o=- 1 2 IN IP4 " + address + " | s=- | c=IN IP4 " + address + " | t=0 0");

        String neutral = lines("v=0 | o=- 1 2 IN IP4 127.0.0.1 | s=- | c=IN IP4 0.0.0.0 | t=0 0");
        assertThat(RELAY_ONLY.description(sdp)).isEqualTo(neutral);
        assertThat(NOT_PRIVATE.description(sdp)).isEqualTo(neutral);
    }

    @Test
    void privateAddressesAreTakenOutAndOthersLeft() {
        String sdp = lines("v=0 | o=- 1 2 IN IP4 192.168.1.1 | s=- | t=0 0 | m=audio 5000 RTP/SAVPF 0"
                + " | c=IN IP4 192.168.1.1 | a=rtcp:9 IN IP6 ::"
                + " | a=candidate:1 1 udp 1 192.168.1.1 5000 typ host"
                + " | a=candidate:1 1 udp 1 5f3c1f5e-6a1b-4d55-9b0f-1f0a8c2f7d10.local 5000 typ host"
                + " | a=candidate:2 1 udp 1 203.0.113.1 5000 typ srflx raddr 192.168.1.1 rport 5000"
                + " | a=candidate:3 1 udp 1 198.51.100.1 6000 typ relay raddr 203.0.113.1 rport 5000");

        assertThat(NOT_PRIVATE.description(sdp))
                .isEqualTo(lines("v=0 | o=- 1 2 IN IP4 127.0.0.1 | s=- | t=0 0 | m=audio 9 RTP/SAVPF 0"
                        + " | c=IN IP4 0.0.0.0 | a=rtcp:9 IN IP6 ::"
                        + " | a=candidate:1 1 udp 1 5f3c1f5e-6a1b-4d55-9b0f-1f0a8c2f7d10.local 5000 typ host"
                        + " | a=candidate:2 1 udp 1 203.0.113.1 5000 typ srflx raddr 0.0.0.0 rport 9"
                        + " | a=candidate:3 1 udp 1 198.51.100.1 6000 typ relay raddr 203.0.113.1 rport 5000"));
    }

    @Test
    void theLinesOfABrowserThatTellNothingStayAsTheyAre() {
        String sdp = sdp("chromium-offer-gathered");
        String expected = sdp.lines()
                .filter(line -> !line.startsWith("a=candidate:"))
                .map(line -> line.startsWith("c=") ? "c=IN IP4 0.0.0.0" : line)
                .map(line -> line.replaceFirst("^(m=[a-z]+) [0-9]+", "$1 9"))
                .collect(Collectors.joining("\r\n", "", "\r\n"));

        assertThat(RELAY_ONLY.description(sdp)).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("browsers")
    void relayOnlyLeavesNoAddressOfTheirOwn(String name) {
        String sdp = sdp(name);
        String filtered = RELAY_ONLY.description(sdp);

        assertThat(filtered).doesNotContain("typ host", "typ srflx", "typ prflx", ".local", "remote-candidates");
        assertThat(ownAddresses(sdp)).allSatisfy(address -> assertThat(filtered).doesNotContain(address));
    }

    /** All that is told besides addresses of TURN servers, and stands for no neutral one. */
    private static Set<String> ownAddresses(String sdp) {
        Set<String> own = new TreeSet<>();
        Set<String> relays = new TreeSet<>(List.of("0.0.0.0", "::", "127.0.0.1"));
        for (String line : sdp.lines().toList()) {
            Matcher relay = RELAY.matcher(line);
            if (relay.find()) {
                relays.add(relay.group(1));
            }
            ADDRESS.matcher(line).results().map(found -> found.group(1)).forEach(own::add);
        }
        own.removeAll(relays);
        return own;
    }

    @ParameterizedTest
    @MethodSource("browsers")
    void filteringTwiceIsFilteringOnce(String name) {
        for (Firewall firewall : List.of(RELAY_ONLY, NOT_PRIVATE, BOTH)) {
            String once = firewall.description(sdp(name));

            assertThat(firewall.description(once)).isSameAs(once);
        }
    }

    private static void refuses(String sdp, String message) {
        assertThatThrownBy(() -> OPEN.description(sdp)).isInstanceOfSatisfying(MessageException.class, e -> {
            assertThat(e).hasMessage(message);
            assertThat(e.code()).isEqualTo("invalid_sdp");
        });
    }

    private static void isTooLarge(String sdp, String message) {
        assertThatThrownBy(() -> OPEN.description(sdp)).isInstanceOfSatisfying(MessageException.class, e -> {
            assertThat(e).hasMessage(message);
            assertThat(e.code()).isEqualTo("too_large");
        });
    }
}
