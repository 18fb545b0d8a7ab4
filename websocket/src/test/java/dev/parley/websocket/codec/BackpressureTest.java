package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.ClientFrames.frames;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Messages that the application does not want now, and clients that do not read what they are sent. */
class BackpressureTest {
    private static final int HIGH_WATER_BYTES = 64 * 1024;

    private static ByteBuf bytes(int length) {
        return Unpooled.wrappedBuffer(new byte[length]);
    }

    /** One that pauses with each message. */
    private static Socket pausing() {
        Socket socket = Socket.open();
        return socket.onMessage(message -> socket.handler.pause());
    }

    // ---- pause and resume

    @Test
    void messagesOfOneReadAreHeldBack() {
        try (Socket socket = pausing()) {
            socket.receives(frames().text("a").text("b").ping("c").text("d"));
            assertThat(socket.told).containsExactly("text a");
            assertThat(socket.isRead()).isFalse();

            socket.handler.resume();
            assertThat(socket.told).containsExactly("text a", "text b");
            assertThat(socket.sent()).isEmpty();
            assertThat(socket.isRead()).isFalse();

            socket.handler.resume();
            assertThat(socket.told).containsExactly("text a", "text b", "ping c", "text d");
            assertThat(socket.sent()).isEqualTo(Socket.pongFrame("c"));
        }
    }

    @Test
    void theSocketIsNotReadWhileItIsPausedThoughNothingWaits() {
        try (Socket socket = pausing()) {
            socket.receives(frames().text("a").text("b"));
            socket.handler.resume();

            assertThat(socket.told).containsExactly("text a", "text b");
            assertThat(socket.isRead()).isFalse();

            socket.handler.resume();
            assertThat(socket.isRead()).isTrue();
        }
    }

    @Test
    void whatComesMeanwhileKeepsItsOrder() {
        byte[] late = frames().text("c").text("d").textBegins("e").ends("f").bytes();
        Pieces.sameForAllCuts(late, pieces -> {
            try (Socket socket = pausing()) {
                socket.receives(frames().text("a").text("b"));
                pieces.forEach(socket::receives);
                assertThat(socket.told).containsExactly("text a");

                for (int i = 0; i < 4; i++) {
                    socket.handler.resume();
                }

                assertThat(socket.told).containsExactly("text a", "text b", "text c", "text d", "text ef");
                return List.of();
            }
        });
    }

    @Test
    void whatWaitsMayBePartOfALargerBuffer() {
        byte[] two = frames().text("a").text("b").bytes();
        byte[] more = frames().text("c").bytes();
        ByteBuf all = Unpooled.buffer().writeBytes(two).writeBytes(more).writeBytes(more);
        try (Socket socket = pausing()) {
            socket.channel.writeInbound(all.retainedSlice(0, two.length));
            socket.channel.writeInbound(Pieces.buffer(more));
            socket.onMessage(message -> {});
            socket.handler.resume();

            assertThat(socket.told).containsExactly("text a", "text b", "text c");
            assertThat(all.slice(two.length, more.length)).isEqualTo(Unpooled.wrappedBuffer(more));
        }
        assertThat(all.release()).isTrue();
    }

    @Test
    void aListenerMayResumeWhileItIsTold() {
        try (Socket socket = Socket.open()) {
            socket.onMessage(message -> {
                socket.handler.pause();
                socket.handler.resume();
            });
            socket.receives(frames().text("a").text("b"));

            assertThat(socket.told).containsExactly("text a", "text b");
            assertThat(socket.isRead()).isTrue();
        }
    }

    @Test
    void closingWhilePausedCompletes() {
        try (Socket socket = pausing()) {
            socket.receives(frames().text("a").text("b").close(1000, "bye"));
            socket.handler.close(CloseReason.of(1001, ""));

            assertThat(socket.sent()).isEqualTo(Socket.closeFrame(1001, ""));
            assertThat(socket.told).containsExactly("text a", "closed 1001");
        }
    }

    @Test
    void whatWaitsIsReleasedAtTheEnd() {
        try (Socket socket = pausing()) {
            socket.receives(frames().text("a").text("b"));
            socket.channel.close();

            assertThat(socket.told).containsExactly("text a", "closed 1006");
        }
    }

    @Test
    void pausingWhileItClosesDoesNotHoldUpTheEnd() {
        try (Socket socket = Socket.open()) {
            socket.handler.close(CloseReason.of(1000, ""));
            socket.handler.pause();
            assertThat(socket.isRead()).isTrue();

            socket.receives(frames().close());

            assertThat(socket.told).containsExactly("closed 1000");
        }
    }

    @Test
    void pausingAfterTheEndDoesNothing() {
        WebSocketListener quiet = new WebSocketListener() {
            @Override
            public void text(ByteBuf utf8) {}

            @Override
            public void binary(ByteBuf bytes) {}

            @Override
            public void closed(CloseReason reason) {}

            @Override
            public void end(ChannelHandlerContext ctx) {
                // The transport stays open for a while, as one does that lingers.
            }
        };
        WebSocketHandler handler = new WebSocketHandler(Socket.SETTINGS, null, quiet);
        var channel = new EmbeddedChannel(handler);
        channel.writeInbound(frames().close().buffer());

        handler.pause();

        assertThat(channel.config().isAutoRead()).isTrue();
        channel.finishAndReleaseAll();
    }

    // ---- clients that do not read

    @Test
    void aClientThatDoesNotReadIsNotRead() {
        try (Socket socket = Socket.echo()) {
            socket.stalls();
            byte[] large = new byte[HIGH_WATER_BYTES];
            socket.receives(frames().binary(large).text("next").text("last"));

            assertThat(socket.told).containsExactly(Heard.binary(large));
            assertThat(socket.handler.isWritable()).isFalse();
            assertThat(socket.isRead()).isFalse();
            assertThat(socket.handler.queuedBytes()).isGreaterThanOrEqualTo(HIGH_WATER_BYTES);

            socket.reads();

            assertThat(socket.told).containsExactly(Heard.binary(large), "text next", "text last", "writable");
            assertThat(socket.isRead()).isTrue();
            assertThat(socket.handler.isWritable()).isTrue();
        }
    }

    @Test
    void aClientMayBeBehindAndPausedAtOnce() {
        try (Socket socket = Socket.open()) {
            socket.onMessage(message -> {
                socket.handler.pause();
                socket.handler.write(Opcode.BINARY, bytes(HIGH_WATER_BYTES));
            });
            socket.stalls();
            socket.receives(frames().text("a").text("b"));

            socket.handler.resume();
            assertThat(socket.told).containsExactly("text a");

            socket.handler.pause();
            socket.reads();
            assertThat(socket.told).containsExactly("text a", "writable");
            assertThat(socket.isRead()).isFalse();

            socket.handler.resume();
            assertThat(socket.told).containsExactly("text a", "writable", "text b");
        }
    }

    @Test
    void nothingIsToldAfterTheEnd() {
        try (Socket socket = Socket.echo()) {
            socket.stalls();
            socket.receives(frames().binary(new byte[HIGH_WATER_BYTES]).hex("ff"));
            socket.reads();

            assertThat(socket.told)
                    .containsExactly(
                            Heard.binary(new byte[HIGH_WATER_BYTES]),
                            "! RESERVED_BIT",
                            "closed " + Violation.RESERVED_BIT.reason());
        }
    }

    private static long pings(Socket socket) {
        return socket.told.stream().filter(line -> line.startsWith("ping")).count();
    }

    @Test
    void pingsToAClientThatDoesNotReadAreBounded() {
        int pings = 100_000;
        ClientFrames hundred = frames();
        for (int i = 0; i < 100; i++) {
            hundred.ping("p".repeat(125));
        }
        byte[] wire = hundred.bytes();
        long most = 0;
        try (Socket socket = Socket.open()) {
            socket.stalls();
            int reads = 0;
            while (reads < pings / 100 && socket.isRead()) {
                socket.receives(wire);
                most = Math.max(most, socket.handler.queuedBytes());
                reads++;
            }
            assertThat(most).isBetween((long) HIGH_WATER_BYTES, 3L * HIGH_WATER_BYTES);
            assertThat(reads).isLessThan(20);

            socket.reads();
            while (reads < pings / 100) {
                socket.receives(wire);
                reads++;
                socket.writes();
            }
            assertThat(pings(socket)).isEqualTo(pings);
        }
    }

    @Test
    void manyPingsInOneReadAreBoundedToo() {
        ClientFrames many = frames();
        for (int i = 0; i < 20_000; i++) {
            many.ping("p".repeat(125));
        }
        try (Socket socket = Socket.open()) {
            socket.stalls();
            socket.receives(many);
            assertThat(socket.handler.queuedBytes()).isBetween((long) HIGH_WATER_BYTES, 3L * HIGH_WATER_BYTES);

            List<byte[]> writes = new ArrayList<>();
            socket.reads();
            writes.addAll(socket.writes());

            assertThat(pings(socket)).isEqualTo(20_000);
            assertThat(writes.stream().mapToLong(write -> write.length).sum()).isEqualTo(20_000L * 127);
        }
    }

    @Test
    void pendingBytesAreCountedOnBothSidesOfTheWaterMarks() {
        try (Socket socket = Socket.open()) {
            socket.channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1000, 2000));
            socket.stalls();
            long overhead = -1;
            for (int length : new int[] {400, 400, 400, 400, 400, 400, 400}) {
                long before = socket.handler.queuedBytes();
                socket.handler.writePlain(Opcode.BINARY, bytes(length));
                assertThat(socket.handler.queuedBytes()).isEqualTo(before + length + 4);
                socket.handler.flush();
                long each = socket.handler.queuedBytes() - before - length - 4;
                assertThat(overhead == -1 ? each : overhead).isEqualTo(each); // what Netty counts for a write
                overhead = each;
            }
            socket.reads();
            assertThat(socket.handler.queuedBytes()).isZero();
        }
    }
}
