package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.AutobahnClient.repeated;
import static dev.parley.websocket.codec.AutobahnClient.test;
import static dev.parley.websocket.codec.ClientFrames.frames;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Chapter 7 of the Autobahn test suite: closing. */
class AutobahnClosingTest {
    private static final int[] GOOD_CODES = {
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999
    };
    private static final int[] BAD_CODES = {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999};

    @Test
    void noCaseIsMissing() {
        assertThat(chapter7()).hasSize(37);
    }

    @TestFactory
    List<DynamicTest> chapter7() {
        byte[] large = repeated("BAsd7&jh23", 256 * 1024);
        String longest = "*".repeat(123);
        List<DynamicTest> cases = new ArrayList<>();
        cases.add(test(
                "7.1.1",
                client -> client.send(frames().text("Hello World!"))
                        .gets("text Hello World!")
                        .closes()));
        cases.add(test(
                "7.1.2", client -> answered(client, frames().close(1000, "").close(1000, ""))));
        cases.add(test(
                "7.1.3", client -> answered(client, frames().close(1000, "").ping(""))));
        cases.add(test(
                "7.1.4", client -> answered(client, frames().close(1000, "").text("Hello World!"))));
        cases.add(test(
                "7.1.5",
                client -> answered(
                        client, frames().textBegins("fragment1").close(1000, "").ends("fragment2"))));
        cases.add(test("7.1.6", client -> {
            client.send(frames().frame(0x81, large)
                            .text("Hello World!")
                            .close(1000, "")
                            .ping(""))
                    .gets(Heard.text(large), "text Hello World!", "close 1000");
            client.isOver();
        }));
        cases.add(test("7.3.1", client -> {
            client.send(frames().close()).gets("close 1005");
            client.isOver();
        }));
        cases.add(test("7.3.2", client -> client.send(frames().frame(0x88, "a")).isClosedWith(1002)));
        cases.add(test("7.3.3", client -> answered(client, frames().close(1000, ""))));
        cases.add(test("7.3.4", client -> {
            client.send(frames().close(1000, "Hello World!")).gets("close 1000 Hello World!");
            client.isOver();
        }));
        cases.add(test("7.3.5", client -> {
            client.send(frames().close(1000, longest)).gets("close 1000 " + longest);
            client.isOver();
        }));
        cases.add(test(
                "7.3.6",
                client -> client.send(frames().close(1000, longest + "*")).isClosedWith(1002)));
        cases.add(test(
                "7.5.1",
                client -> client.send(frames().close(1000, new byte[] {
                            (byte) 0xCE, (byte) 0xBA, (byte) 0xED, (byte) 0xA0, (byte) 0x80, 'e'
                        }))
                        .isClosedWith(1007)));
        for (int i = 0; i < GOOD_CODES.length; i++) {
            int code = GOOD_CODES[i];
            cases.add(test("7.7." + (i + 1), client -> {
                client.send(frames().close(code, "")).gets("close " + code);
                client.isOver();
            }));
        }
        for (int i = 0; i < BAD_CODES.length; i++) {
            int code = BAD_CODES[i];
            cases.add(test(
                    "7.9." + (i + 1),
                    client -> client.send(frames().close(code, "")).isClosedWith(1002)));
        }
        cases.add(test("7.13.1", client -> client.send(frames().close(5000, "")).isClosedWith(1002)));
        cases.add(
                test("7.13.2", client -> client.send(frames().close(65535, "")).isClosedWith(1002)));
        return cases;
    }

    private static void answered(AutobahnClient client, ClientFrames frames) {
        client.send(frames).gets("close 1000");
        client.isOver();
    }
}
