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

/** Chapter 9 of the Autobahn test suite: messages of up to 16 MiB, small fragments, small reads, many messages. */
class AutobahnLimitsTest {
    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;

    private static final int[] MESSAGES = {64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB};
    private static final int[] FRAGMENTS = {64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB};
    private static final int[] CHOPS = {64, 128, 256, 512, KIB, 2 * KIB};
    private static final int[] MANY = {0, 16, 64, 256, KIB, 4 * KIB};

    @Test
    void noCaseIsMissing() {
        assertThat(chapter9()).hasSize(54);
    }

    @TestFactory
    List<DynamicTest> chapter9() {
        List<DynamicTest> cases = new ArrayList<>();
        for (int kind = 0; kind < 8; kind++) {
            int opcode = kind % 2 == 0 ? Opcode.TEXT : Opcode.BINARY;
            int[] sizes = List.of(MESSAGES, FRAGMENTS, CHOPS, MANY).get(kind / 2);
            for (int i = 0; i < sizes.length; i++) {
                int size = sizes[i];
                String number = "9." + (kind + 1) + "." + (i + 1);
                cases.add(
                        switch (kind / 2) {
                            case 0 -> test(number, client -> echo(client, opcode, size, size, 64 * KIB));
                            case 1 -> test(number, client -> echo(client, opcode, 4 * MIB, size, 64 * KIB));
                            case 2 -> test(number, client -> echo(client, opcode, MIB, MIB, size));
                            default -> test(number, client -> echoMany(client, opcode, size));
                        });
            }
        }
        return cases;
    }

    private static void echo(AutobahnClient client, int opcode, int size, int fragment, int chop) {
        byte[] payload = repeated("BAsd7&jh23", size);
        client.send(AutobahnClient.fragments(opcode, payload, fragment), chop)
                .gets(AutobahnClient.line(opcode, payload))
                .closes();
    }

    private static void echoMany(AutobahnClient client, int opcode, int size) {
        byte[] payload = repeated("*", size);
        for (int i = 0; i < 1000; i++) {
            client.send(frames().frame(0x80 | opcode, payload)).gets(AutobahnClient.line(opcode, payload));
        }
        client.closes();
    }
}
