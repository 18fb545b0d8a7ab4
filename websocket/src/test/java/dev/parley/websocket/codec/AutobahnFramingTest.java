package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.AutobahnClient.repeated;
import static dev.parley.websocket.codec.AutobahnClient.test;
import static dev.parley.websocket.codec.ClientFrames.frames;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Chapters 1 to 5 and 10 of the Autobahn test suite: framing, pings, reserved bits, opcodes, fragmentation. */
class AutobahnFramingTest {
    private static final String HELLO = "Hello, world!";
    /** Each byte is a read of its own. */
    private static final int OCTETS = 1;

    private static final int AT_ONCE = 1 << 20;

    @Test
    void noCaseIsMissing() {
        assertThat(List.of(chapter1(), chapter2(), chapter3(), chapter4(), chapter5(), chapter10()))
                .extracting(List::size)
                .containsExactly(16, 11, 7, 10, 20, 1);
    }

    @TestFactory
    List<DynamicTest> chapter1() {
        int[] sizes = {0, 125, 126, 127, 128, 65535, 65536, 65536};
        List<DynamicTest> cases = new ArrayList<>();
        for (int opcode : new int[] {Opcode.TEXT, Opcode.BINARY}) {
            for (int i = 0; i < sizes.length; i++) {
                byte[] payload = new byte[sizes[i]];
                Arrays.fill(payload, (byte) (opcode == Opcode.TEXT ? '*' : 0xFE));
                int chop = i == 7 ? 997 : AT_ONCE;
                cases.add(test(
                        "1." + opcode + "." + (i + 1),
                        client -> client.send(frames().frame(0x80 | opcode, payload), chop)
                                .gets(AutobahnClient.line(opcode, payload))
                                .closes()));
            }
        }
        return cases;
    }

    @TestFactory
    List<DynamicTest> chapter2() {
        byte[] binary = {0, (byte) 0xFF, (byte) 0xFE, (byte) 0xFD, (byte) 0xFC, (byte) 0xFB, 0, (byte) 0xFF};
        String most = "\u00fe".repeat(125);
        String[] ten = new String[10];
        ClientFrames tenPings = frames();
        for (int i = 0; i < 10; i++) {
            tenPings.ping("payload-" + i);
            ten[i] = "pong payload-" + i;
        }
        return List.of(
                test(
                        "2.1",
                        client -> client.send(frames().ping("")).gets("pong ").closes()),
                test(
                        "2.2",
                        client -> client.send(frames().ping(HELLO))
                                .gets("pong " + HELLO)
                                .closes()),
                test(
                        "2.3",
                        client -> client.send(frames().frame(0x89, binary))
                                .gets("pong " + new String(binary, ISO_8859_1))
                                .closes()),
                test(
                        "2.4",
                        client -> client.send(frames().frame(0x89, most.getBytes(ISO_8859_1)))
                                .gets("pong " + most)
                                .closes()),
                test(
                        "2.5",
                        client ->
                                client.send(frames().frame(0x89, new byte[126])).isClosedWith(1002)),
                test(
                        "2.6",
                        client -> client.send(frames().frame(0x89, most.getBytes(ISO_8859_1)), OCTETS)
                                .gets("pong " + most)
                                .closes()),
                test(
                        "2.7",
                        client -> client.send(frames().pong("")).getsNothing().closes()),
                test(
                        "2.8",
                        client -> client.send(frames().pong("unsolicited"))
                                .getsNothing()
                                .closes()),
                test(
                        "2.9",
                        client -> client.send(frames().pong("unsolicited").ping("ping"))
                                .gets("pong ping")
                                .closes()),
                test("2.10", client -> client.send(tenPings).gets(ten).closes()),
                test("2.11", client -> client.send(tenPings, OCTETS).gets(ten).closes()));
    }

    @TestFactory
    List<DynamicTest> chapter3() {
        ClientFrames second =
                frames().text(HELLO).frame(0x80 | 2 << 4 | Opcode.TEXT, HELLO).ping("");
        ClientFrames third =
                frames().text(HELLO).frame(0x80 | 3 << 4 | Opcode.TEXT, HELLO).ping("");
        ClientFrames fourth =
                frames().text(HELLO).frame(0x80 | 4 << 4 | Opcode.TEXT, HELLO).ping("");
        return List.of(
                test(
                        "3.1",
                        client -> client.send(frames().frame(0x80 | 1 << 4 | Opcode.TEXT, HELLO))
                                .isClosedWith(1002)),
                test("3.2", client -> client.send(second).isClosedBehind("text " + HELLO, 1002)),
                test("3.3", client -> client.send(third, HELLO.length() + 6).isClosedBehind("text " + HELLO, 1002)),
                test("3.4", client -> client.send(fourth, OCTETS).isClosedBehind("text " + HELLO, 1002)),
                test(
                        "3.5",
                        client -> client.send(frames().frame(0x80 | 5 << 4 | Opcode.BINARY, "\u0000\u007f"))
                                .isClosedWith(1002)),
                test(
                        "3.6",
                        client -> client.send(frames().frame(0x80 | 6 << 4 | Opcode.PING, HELLO))
                                .isClosedWith(1002)),
                test(
                        "3.7",
                        client -> client.send(frames().frame(0x80 | 7 << 4 | Opcode.CLOSE, ""))
                                .isClosedWith(1002)));
    }

    @TestFactory
    List<DynamicTest> chapter4() {
        List<DynamicTest> cases = new ArrayList<>();
        for (int group = 1; group <= 2; group++) {
            int opcode = group == 1 ? 3 : 11;
            String number = "4." + group + ".";
            ClientFrames empty = frames().frame(0x80 | opcode, "");
            ClientFrames full = frames().frame(0x80 | opcode + 1, "reserved opcode payload");
            ClientFrames behindText =
                    frames().text(HELLO).frame(0x80 | opcode + 2, "").ping("");
            ClientFrames fullBehindText =
                    frames().text(HELLO).frame(0x80 | opcode + 3, HELLO).ping("");
            ClientFrames last =
                    frames().text(HELLO).frame(0x80 | opcode + 4, HELLO).ping("");
            cases.add(test(number + 1, client -> client.send(empty).isClosedWith(1002)));
            cases.add(test(number + 2, client -> client.send(full).isClosedWith(1002)));
            cases.add(test(number + 3, client -> client.send(behindText).isClosedBehind("text " + HELLO, 1002)));
            cases.add(test(number + 4, client -> client.send(fullBehindText).isClosedBehind("text " + HELLO, 1002)));
            cases.add(test(number + 5, client -> client.send(last, OCTETS).isClosedBehind("text " + HELLO, 1002)));
        }
        return cases;
    }

    @TestFactory
    List<DynamicTest> chapter5() {
        ClientFrames two = frames().textBegins("fragment1").ends("fragment2");
        String whole = "text fragment1fragment2";
        ClientFrames twoAndPing = frames().textBegins("fragment1").ping("ping").ends("fragment2");
        Consumer<AutobahnClient> closed = client -> client.isClosedWith(1002);
        ClientFrames lastOfNothing = frames().ends("non-continuation payload").text(HELLO);
        ClientFrames moreOfNothing = frames().goesOn("non-continuation payload").text(HELLO);
        ClientFrames moreBehindMessage = frames().textBegins("fragment1")
                .ends("fragment2")
                .goesOn("fragment3")
                .text("fragment4");
        ClientFrames mess = frames().goesOn("fragment1")
                .textBegins("fragment2")
                .ends("fragment3")
                .goesOn("fragment4")
                .textBegins("fragment5")
                .ends("fragment6");
        ClientFrames otherMess = frames().ends("fragment1")
                .textBegins("fragment2")
                .ends("fragment3")
                .ends("fragment4")
                .textBegins("fragment5")
                .ends("fragment6");
        ClientFrames begin =
                frames().textBegins("fragment1").goesOn("fragment2").ping("pongme 1!");
        ClientFrames middle = frames().goesOn("fragment3").goesOn("fragment4").ping("pongme 2!");
        String five = "text fragment1fragment2fragment3fragment4fragment5";
        ClientFrames all = frames().textBegins("fragment1")
                .goesOn("fragment2")
                .ping("pongme 1!")
                .goesOn("fragment3")
                .goesOn("fragment4")
                .ping("pongme 2!")
                .ends("fragment5");
        int frame = "fragment1".length() + 6;
        return List.of(
                test(
                        "5.1",
                        client -> closed.accept(
                                client.send(frames().frame(0x09, "a").ends("b")))),
                test(
                        "5.2",
                        client -> closed.accept(
                                client.send(frames().frame(0x0A, "a").ends("b")))),
                test("5.3", client -> client.send(two).gets(whole).closes()),
                test("5.4", client -> client.send(two, frame).gets(whole).closes()),
                test("5.5", client -> client.send(two, OCTETS).gets(whole).closes()),
                test(
                        "5.6",
                        client ->
                                client.send(twoAndPing).gets("pong ping", whole).closes()),
                test(
                        "5.7",
                        client -> client.send(frames().textBegins("fragment1"))
                                .send(frames().ping("ping"))
                                .gets("pong ping")
                                .send(frames().ends("fragment2"))
                                .gets(whole)
                                .closes()),
                test(
                        "5.8",
                        client -> client.send(twoAndPing, OCTETS)
                                .gets("pong ping", whole)
                                .closes()),
                test("5.9", client -> closed.accept(client.send(lastOfNothing))),
                test("5.10", client -> closed.accept(client.send(lastOfNothing, 30))),
                test("5.11", client -> closed.accept(client.send(lastOfNothing, OCTETS))),
                test("5.12", client -> closed.accept(client.send(moreOfNothing))),
                test("5.13", client -> closed.accept(client.send(moreOfNothing, 30))),
                test("5.14", client -> closed.accept(client.send(moreOfNothing, OCTETS))),
                test("5.15", client -> client.send(moreBehindMessage).isClosedBehind(whole, 1002)),
                test("5.16", client -> closed.accept(client.send(mess))),
                test("5.17", client -> closed.accept(client.send(otherMess))),
                test(
                        "5.18",
                        client -> closed.accept(
                                client.send(frames().textBegins("fragment1").text("fragment2")))),
                test(
                        "5.19",
                        client -> client.send(begin)
                                .gets("pong pongme 1!")
                                .send(middle)
                                .gets("pong pongme 2!")
                                .send(frames().ends("fragment5"))
                                .gets(five)
                                .closes()),
                test(
                        "5.20",
                        client -> client.send(all)
                                .gets("pong pongme 1!", "pong pongme 2!", five)
                                .closes()));
    }

    @TestFactory
    List<DynamicTest> chapter10() {
        byte[] payload = repeated("*", 65536);
        return List.of(test(
                "10.1.1",
                client -> client.send(AutobahnClient.fragments(Opcode.TEXT, payload, 1300))
                        .gets(Heard.text(payload))
                        .closes()));
    }
}
