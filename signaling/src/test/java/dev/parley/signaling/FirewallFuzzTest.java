package dev.parley.signaling;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.parley.signaling.Firewall.Rules;
import dev.parley.websocket.MessageException;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Any text at all: a firewall throws nothing but {@link MessageException} in few words, what it lets through it lets through again as
 * it is, and a rule never lets through more.
 *
 * <p>A build runs the seeds, and texts by a generator whose own seed is fixed. To search for new ones, for ten minutes each:
 *
 * <pre>{@code JAZZER_FUZZ=1 mvn -pl signaling -am test -Djazzer.hooks=true -Dtest=FirewallFuzzTest#anyDescription \
 *   -Dsurefire.failIfNoSpecifiedTests=false}</pre>
 */
class FirewallFuzzTest {
    private static final Firewall OPEN = new Firewall(new Rules(65_536, 1024, false, false));
    private static final Firewall RELAY_ONLY = new Firewall(new Rules(65_536, 1024, true, false));
    private static final Firewall NOT_PRIVATE = new Firewall(new Rules(65_536, 1024, false, true));
    private static final Firewall BOTH = new Firewall(new Rules(65_536, 1024, true, true));
    private static final List<Firewall> FILTERS = List.of(RELAY_ONLY, NOT_PRIVATE, BOTH);

    private static final int GENERATED = 5_000;
    /** What makes a difference in some line. */
    private static final List<String> PIECES = List.of(
            "\r\n",
            "\n",
            "\r",
            "\0",
            " ",
            ":",
            "=",
            "/",
            "0",
            "9",
            "65536",
            "a",
            "m",
            "c",
            "::",
            "::ffff:",
            "10.0.0.1",
            "fe80::1",
            "a.local",
            "raddr",
            "rport",
            "typ",
            "relay",
            "host",
            "a=",
            "m=audio 9 a b\r\n",
            "a=mid:0\r\n",
            "a=CANDIDATE:",
            "IN IP6 ",
            "\uD83D",
            "\uDE00",
            "ä",
            "\u2028");

    @FuzzTest(maxDuration = "10m")
    void anyDescription(byte[] input) {
        passesWholeOrNot(new String(input, UTF_8));
        passesWholeOrNot(new String(input, UTF_16BE)); // which has halves of characters too
    }

    @FuzzTest(maxDuration = "10m")
    void anyCandidate(byte[] input) {
        candidatePassesWholeOrNot(new String(input, UTF_8));
    }

    @Test
    void nearlyDescriptions() {
        SplittableRandom random = new SplittableRandom(8866);
        List<String> browsers = SessionDescriptionTest.browsers().stream()
                .map(SessionDescriptionTest::sdp)
                .toList();
        int passed = 0;
        for (int i = 0; i < GENERATED; i++) {
            String sdp = browsers.get(random.nextInt(browsers.size()));
            for (int left = random.nextInt(1, 4); left > 0; left--) {
                sdp = mutated(sdp, random);
            }
            passed += passesWholeOrNot(sdp) ? 1 : 0;
        }
        assertThat(passed).isBetween(GENERATED / 20, GENERATED * 19 / 20); // else the generator is not worth much
    }

    @Test
    void nearlyCandidates() {
        SplittableRandom random = new SplittableRandom(8839);
        List<String> candidates = SessionDescriptionTest.browsers().stream()
                .flatMap(name -> SessionDescriptionTest.sdp(name).lines())
                .filter(line -> line.startsWith("a=candidate:"))
                .toList();
        int passed = 0;
        for (int i = 0; i < 4 * GENERATED; i++) {
            String candidate = candidates.get(random.nextInt(candidates.size()));
            passed += candidatePassesWholeOrNot(mutated(candidate, random)) ? 1 : 0;
        }
        assertThat(passed).isBetween(GENERATED / 5, GENERATED * 19 / 5);
    }

    /** With a piece more, less or in place of another, or a line twice. */
    private static String mutated(String text, SplittableRandom random) {
        int from = random.nextInt(text.length() + 1);
        int to = Math.min(text.length(), from + random.nextInt(6));
        String piece = PIECES.get(random.nextInt(PIECES.size()));
        return switch (random.nextInt(5)) {
            case 0 -> text.substring(0, from) + text.substring(to);
            case 1 -> text.substring(0, from) + piece + text.substring(from);
            case 2 -> text.substring(0, from) + piece + text.substring(to);
            case 3 -> {
                int line = text.indexOf("\na=", from) + 1;
                int end = text.indexOf('\n', line) + 1;
                yield line == 0 || end == 0
                        ? text.substring(0, from)
                        : text.substring(0, line) + text.substring(line, end).repeat(2) + text.substring(end);
            }
            default -> {
                char c = (char) random.nextInt(0x20, 0x80);
                yield from == text.length() ? text + c : text.substring(0, from) + c + text.substring(from + 1);
            }
        };
    }

    private static boolean passesWholeOrNot(String sdp) {
        try {
            assertThat(OPEN.description(sdp)).isSameAs(sdp);
        } catch (MessageException e) {
            isInFewWords(e, Firewall.INVALID_SDP);
            FILTERS.forEach(filter -> isRefused(filter, sdp));
            return false;
        }
        for (Firewall filter : FILTERS) {
            String filtered = filter.description(sdp);
            assertThat(filter.description(filtered)).isSameAs(filtered);
            assertThat(OPEN.description(filtered)).isSameAs(filtered);
            filtered.lines()
                    .filter(line -> line.startsWith("a=candidate:"))
                    .filter(line -> line.length() <= 1024)
                    .forEach(line -> assertThat(filter.candidate(line)).contains(line));
        }
        assertThat(BOTH.description(sdp)).isEqualTo(NOT_PRIVATE.description(RELAY_ONLY.description(sdp)));
        return true;
    }

    private static boolean candidatePassesWholeOrNot(String candidate) {
        try {
            assertThat(OPEN.candidate(candidate)).containsSame(candidate);
        } catch (MessageException e) {
            isInFewWords(e, Firewall.INVALID_CANDIDATE);
            return false;
        }
        for (Firewall filter : FILTERS) {
            Optional<String> filtered = filter.candidate(candidate);
            filtered.ifPresent(text -> assertThat(filter.candidate(text)).containsSame(text));
        }
        assertThat(BOTH.candidate(candidate))
                .isEqualTo(RELAY_ONLY.candidate(candidate).flatMap(NOT_PRIVATE::candidate));
        return true;
    }

    private static void isRefused(Firewall filter, String sdp) {
        try {
            filter.description(sdp);
        } catch (MessageException e) {
            return;
        }
        throw new AssertionError("let through: " + sdp);
    }

    private static void isInFewWords(MessageException e, String code) {
        assertThat(e.code()).isIn(code, Firewall.TOO_LARGE);
        assertThat(e.getMessage()).hasSizeLessThan(200).matches("[ -~…]+");
    }
}
