package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.ClientFrames.frames;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.WriteBufferWaterMark;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However the bytes are cut, whenever the listener pauses and the client stalls: the same is told, and the same is sent. */
class PausedAtRandomTest {
    private static final int ROUNDS = 50;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void theSameIsToldAndSent(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] wire = conversation(random);
            List<String> told;
            byte[] sent;
            try (Socket socket = Socket.echo()) {
                socket.receives(wire);
                told = List.copyOf(socket.told);
                sent = socket.sentBytes();
            }

            disturbed(wire, random.split(), told, sent);
        }
    }

    private static byte[] conversation(SplittableRandom random) {
        ClientFrames frames = frames();
        for (int left = random.nextInt(1, 20); left > 0; left--) {
            String payload = "p".repeat(random.nextInt(5) == 0 ? random.nextInt(3000) : random.nextInt(100));
            switch (random.nextInt(4)) {
                case 0 -> frames.ping("p" + left);
                case 1 -> frames.textBegins(payload).ping("between").goesOn("").ends(payload);
                default -> frames.text(payload);
            }
        }
        return switch (random.nextInt(3)) {
            case 0 -> frames.close(1000, "bye").bytes();
            case 1 -> frames.hex("ff").bytes();
            default -> frames.bytes();
        };
    }

    private static void disturbed(byte[] wire, SplittableRandom random, List<String> told, byte[] sent) {
        boolean ends = told.get(told.size() - 1).startsWith("closed");
        try (Socket socket = Socket.open()) {
            socket.channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(500, 1000));
            socket.onMessage(message -> {
                socket.handler.write(message.opcode(), message.payload());
                switch (random.nextInt(6)) {
                    case 0, 1 -> socket.handler.pause();
                    case 2 -> {
                        socket.handler.pause();
                        socket.handler.resume();
                    }
                    case 3 -> socket.handler.flush();
                    default -> {
                        // goes on
                    }
                }
            });
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (byte[] piece : pieces(wire, random)) {
                if (socket.channel.isOpen()) {
                    socket.receives(piece);
                }
                switch (random.nextInt(5)) {
                    case 0 -> {
                        if (!ends) { // a transport that is closed forgets what it has not sent
                            socket.stalls();
                        }
                    }
                    case 1 -> socket.reads();
                    case 2 -> socket.handler.resume();
                    case 3 -> all.writeBytes(socket.sentBytes());
                    default -> assertThat(socket.handler.queuedBytes()).isNotNegative();
                }
            }
            socket.reads();
            for (int i = 0; i < 100; i++) { // more than there are messages
                socket.handler.resume();
                socket.channel.runPendingTasks();
            }
            all.writeBytes(socket.sentBytes());

            List<String> heard = new ArrayList<>(socket.told);
            heard.removeIf("writable"::equals);
            assertThat(heard).isEqualTo(told);
            assertThat(all.toByteArray()).isEqualTo(sent);
            assertThat(socket.isRead()).isTrue();
        }
    }

    private static List<byte[]> pieces(byte[] wire, SplittableRandom random) {
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0, end; at < wire.length; at = end) {
            end = Math.min(wire.length, at + random.nextInt(1, 400));
            pieces.add(Arrays.copyOfRange(wire, at, end));
        }
        return pieces;
    }
}
