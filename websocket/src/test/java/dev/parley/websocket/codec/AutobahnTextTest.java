package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.AutobahnClient.fragments;
import static dev.parley.websocket.codec.AutobahnClient.test;
import static dev.parley.websocket.codec.ClientFrames.frames;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Chapter 6 of the Autobahn test suite: UTF-8. From 6.5 on, the sequences are those of Markus Kuhn's stress test of decoders. */
class AutobahnTextTest {
    private static final String KOSME = "\u03ba\u1f79\u03c3\u03bc\u03b5";
    private static final String MIXED = "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!";

    /** The groups from 6.5 on, in their order. */
    private static final List<Group> GROUPS = List.of(
            new Group(
                    AutobahnTextTest::good,
                    text("hello$world"),
                    text("hello\u00a2world"),
                    text("hello\u20acworld"),
                    text("hello\ud852\udf62world"),
                    text(KOSME)),
            new Group(AutobahnTextTest::endsWithCharacter, prefixes(text(KOSME))),
            new Group(AutobahnTextTest::good, hex("00 c280 e0a080 f0908080")),
            new Group(AutobahnTextTest::bad, hex("f888808080 fc8480808080")),
            new Group(AutobahnTextTest::good, hex("7f dfbf efbfbf f48fbfbf")),
            new Group(AutobahnTextTest::bad, hex("f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf")),
            new Group(
                    sequence -> sequence[0] != (byte) 0xF4 || sequence[1] != (byte) 0x90,
                    hex("ed9fbf ee8080 efbfbd f48fbfbf f4908080")),
            new Group(AutobahnTextTest::bad, unexpectedContinuations()),
            new Group(
                    AutobahnTextTest::bad,
                    lonelyStart(0xC0, 0xDF),
                    lonelyStart(0xE0, 0xEF),
                    lonelyStart(0xF0, 0xF7),
                    lonelyStart(0xF8, 0xFB),
                    lonelyStart(0xFC, 0xFD)),
            new Group(AutobahnTextTest::bad, hex(Group.CUT_SHORT)),
            new Group(AutobahnTextTest::bad, hex(Group.CUT_SHORT.replace(" ", ""))),
            new Group(AutobahnTextTest::bad, hex("fe ff fefeffff")),
            new Group(AutobahnTextTest::bad, hex("c0af e080af f08080af f8808080af fc80808080af")),
            new Group(AutobahnTextTest::bad, hex("c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf")),
            new Group(AutobahnTextTest::bad, hex("c080 e08080 f0808080 f880808080 fc8080808080")),
            new Group(AutobahnTextTest::bad, hex("eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf")),
            new Group(
                    AutobahnTextTest::bad,
                    hex("eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf edae80edb080 edae80edbfbf edafbfedb080"
                            + " edafbfedbfbf")),
            new Group(AutobahnTextTest::good, nonCharacters()),
            new Group(AutobahnTextTest::good, hex("efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf")));

    /** Sequences, and which of them are UTF-8. */
    private record Group(Predicate<byte[]> isValid, byte[]... sequences) {
        static final String CUT_SHORT = "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf";
    }

    private static boolean good(byte[] sequence) {
        return sequence.length > 0;
    }

    private static boolean bad(byte[] sequence) {
        return sequence.length == 0;
    }

    private static byte[] text(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[][] hex(String sequences) {
        return Arrays.stream(sequences.split(" ")).map(HexFormat.of()::parseHex).toArray(byte[][]::new);
    }

    private static byte[][] prefixes(byte[] whole) {
        byte[][] prefixes = new byte[whole.length][];
        for (int length = 1; length <= whole.length; length++) {
            prefixes[length - 1] = Arrays.copyOf(whole, length);
        }
        return prefixes;
    }

    /** Whether a prefix of KOSME ends with one of its characters, of 2, 3, 2, 2 and 2 bytes. */
    private static boolean endsWithCharacter(byte[] prefix) {
        return List.of(2, 5, 7, 9, 11).contains(prefix.length);
    }

    private static byte[][] unexpectedContinuations() {
        byte[] all = new byte[0xBF - 0x80];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) (0x80 + i);
        }
        byte[][] some = hex("80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf 00");
        some[some.length - 1] = all;
        return some;
    }

    private static byte[] lonelyStart(int from, int to) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int b = from; b < to; b++) {
            bytes.write(b);
            bytes.write(' ');
        }
        return bytes.toByteArray();
    }

    /** The last two code points of each plane, which are no characters, and UTF-8 all the same. */
    private static byte[][] nonCharacters() {
        List<byte[]> all = new ArrayList<>();
        for (int plane = 0; plane <= 16; plane++) {
            for (int codePoint = plane << 16 | 0xFFFE; codePoint <= (plane << 16 | 0xFFFF); codePoint++) {
                all.add(text(Character.toString(codePoint)));
            }
        }
        return all.toArray(byte[][]::new);
    }

    @Test
    void noCaseIsMissing() {
        assertThat(chapter6()).hasSize(145);
    }

    @TestFactory
    List<DynamicTest> chapter6() {
        List<DynamicTest> cases = new ArrayList<>();
        byte[] mixed = text(MIXED);
        byte[] bad = concat(text(KOSME), hex("eda080")[0], text("edited"));
        cases.add(test(
                "6.1.1", client -> client.send(frames().text("")).gets("text ").closes()));
        cases.add(test(
                "6.1.2",
                client -> client.send(frames().textBegins("").goesOn("").ends(""))
                        .gets("text ")
                        .closes()));
        cases.add(test(
                "6.1.3",
                client -> client.send(frames().textBegins("")
                                .goesOn("middle frame payload")
                                .ends(""))
                        .gets("text middle frame payload")
                        .closes()));
        cases.add(test(
                "6.2.1",
                client ->
                        client.send(frames().text(MIXED)).gets("text " + MIXED).closes()));
        cases.add(test(
                "6.2.2",
                client -> client.send(
                                frames().textBegins(MIXED.substring(0, 12)).ends(MIXED.substring(12)))
                        .gets("text " + MIXED)
                        .closes()));
        cases.add(test(
                "6.2.3",
                client -> client.send(fragments(Opcode.TEXT, mixed, 1))
                        .gets("text " + MIXED)
                        .closes()));
        cases.add(test(
                "6.2.4",
                client -> client.send(fragments(Opcode.TEXT, text(KOSME), 1))
                        .gets("text " + KOSME)
                        .closes()));
        cases.add(test("6.3.1", client -> client.send(frames().frame(0x81, bad)).isClosedWith(1007)));
        cases.add(test(
                "6.3.2", client -> client.send(fragments(Opcode.TEXT, bad, 1)).isClosedWith(1007)));
        failFast(cases);
        for (int i = 0; i < GROUPS.size(); i++) {
            byte[][] sequences = GROUPS.get(i).sequences();
            for (int j = 0; j < sequences.length; j++) {
                byte[] sequence = sequences[j];
                boolean isValid = GROUPS.get(i).isValid().test(sequence);
                cases.add(test("6." + (5 + i) + "." + (1 + j), client -> {
                    client.send(frames().frame(0x81, sequence));
                    if (isValid) {
                        client.gets(Heard.text(sequence)).closes();
                    } else {
                        client.isClosedWith(1007);
                    }
                }));
            }
        }
        return cases;
    }

    /** The first part is good, the second is not, and the third need not come: in three frames, and in three reads of one. */
    private static void failFast(List<DynamicTest> cases) {
        byte[] good = text(KOSME);
        byte[] goodAndLead = concat(good, hex("f4")[0]);
        byte[][][] parts = {
            {good, hex("f4908080")[0], text("edited")},
            {goodAndLead, hex("90")[0], concat(hex("8080")[0], text("edited"))}
        };
        for (int i = 0; i < parts.length; i++) {
            byte[][] three = parts[i];
            cases.add(test(
                    "6.4." + (1 + i),
                    client -> client.send(frames().frame(0x01, three[0]))
                            .getsNothing()
                            .send(frames().frame(0x00, three[1]))
                            .isClosedWith(1007)));
        }
        for (int i = 0; i < parts.length; i++) {
            byte[][] three = parts[i];
            byte[] whole = concat(three);
            int second = three[0].length + three[1].length;
            cases.add(test(
                    "6.4." + (3 + i),
                    client -> client.send(frames().head(0x81, whole.length).payload(whole, 0, three[0].length))
                            .getsNothing()
                            .send(frames().payload(whole, three[0].length, second))
                            .isClosedWith(1007)));
        }
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
