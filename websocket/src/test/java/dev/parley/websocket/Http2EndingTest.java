package dev.parley.websocket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.websocket.codec.CloseReason;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How WebSockets on a stream of HTTP/2 end, by frames that are written by hand (RFC 8441 section 5). */
@NullUnmarked
@Timeout(120)
final class Http2EndingTest {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int END_STREAM = 0x1;
    private static final int END_HEADERS = 0x4;
    private static final byte[] CANCEL = {0, 0, 0, 8};
    /** {@code :status 200} of the static table (RFC 7541 appendix A). */
    private static final byte STATUS_200 = (byte) 0x88;
    /** Close frames with 1001: masked with nothing, and the server's. */
    private static final byte[] GOING_AWAY = {(byte) 0x88, (byte) 0x82, 0, 0, 0, 0, 3, (byte) 0xe9};

    private static final byte[] GOING_AWAY_ANSWERED = {(byte) 0x88, 2, 3, (byte) 0xe9};

    private final BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
    private final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();
    private ParleyServer server;
    private Socket socket;
    private DataInputStream in;

    private record Frame(int type, int flags, int stream, byte[] payload) {}

    @BeforeEach
    void open() throws Exception {
        server = ParleyServer.builder()
                .host("127.0.0.1")
                .port(0)
                .eventLoops(1)
                .routes(Routes.builder()
                        .get(
                                "/ws",
                                WebSocketEndpoint.builder()
                                        .closeTimeout(Duration.ofSeconds(1))
                                        .onOpen(opened::add)
                                        .onText((connection, text) -> connection.send(text))
                                        .onClose((connection, reason) -> closed.add(reason))
                                        .build())
                        .build())
                .build()
                .start();
        socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.setSoTimeout(60_000); // as a read of it can't be interrupted
        in = new DataInputStream(socket.getInputStream());
        socket.getOutputStream().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
        send(frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS, 1, request()));
        Frame answer = next(HEADERS);
        assertThat(answer.flags).isEqualTo(END_HEADERS);
        assertThat(answer.payload[0]).isEqualTo(STATUS_200);
        assertThat(next(opened).protocol()).isEqualTo(Protocol.HTTP_2);
    }

    @AfterEach
    void close() throws Exception {
        socket.close();
        server.close();
        assertThat(closed).isEmpty();
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(60, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    private static byte[] request() {
        String[] fields = {
            ":method", "CONNECT",
            ":protocol", "websocket",
            ":scheme", "http",
            ":path", "/ws",
            ":authority", "127.0.0.1",
            "sec-websocket-version", "13",
        };
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < fields.length; i += 2) {
            block.write(0); // a literal that is not indexed (RFC 7541 section 6.2.2)
            for (String text : new String[] {fields[i], fields[i + 1]}) {
                block.write(text.length());
                block.writeBytes(text.getBytes(US_ASCII));
            }
        }
        return block.toByteArray();
    }

    private static byte[] frame(int type, int flags, int stream, byte... payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .putInt(payload.length << 8 | type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    /** Sends frames in one packet. */
    private void send(byte[]... frames) throws Exception {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] frame : frames) {
            all.writeBytes(frame);
        }
        socket.getOutputStream().write(all.toByteArray());
    }

    /** The next frame of the stream, which must be of this type. */
    private Frame next(int type) throws Exception {
        while (true) {
            int head = in.readInt();
            Frame frame = new Frame(head & 0xff, in.readUnsignedByte(), in.readInt(), in.readNBytes(head >>> 8));
            if (frame.stream == 1 && frame.type != 8) { // but WINDOW_UPDATE
                assertThat(frame.type).isEqualTo(type);
                return frame;
            }
        }
    }

    @Test
    void messagesAndTheCloseFramesAreDataAndEachSideEndsItsHalf() throws Exception {
        send(frame(DATA, 0, 1, new byte[] {(byte) 0x81, (byte) 0x82, 0, 0, 0, 0, 'h', 'i'}));
        assertThat(next(DATA).payload).isEqualTo(new byte[] {(byte) 0x81, 2, 'h', 'i'});

        send(frame(DATA, 0, 1, GOING_AWAY));

        Frame answer = next(DATA);
        assertThat(answer.payload).isEqualTo(GOING_AWAY_ANSWERED);
        if ((answer.flags & END_STREAM) == 0) {
            Frame end = next(DATA);
            assertThat(end.payload).isEmpty();
            assertThat(end.flags & END_STREAM).isEqualTo(END_STREAM);
        }
        send(frame(DATA, END_STREAM, 1));
        assertThat(next(closed)).isEqualTo(new CloseReason(CloseReason.GOING_AWAY, ""));
    }

    @Test
    void aCloseFrameIsHeardThoughTheStreamIsCancelledRightBehindIt() throws Exception {
        send(frame(DATA, END_STREAM, 1, GOING_AWAY), frame(RST_STREAM, 0, 1, CANCEL));

        assertThat(next(closed)).isEqualTo(new CloseReason(CloseReason.GOING_AWAY, ""));
    }

    @Test
    void anAnswerToTheLastMessageGoesOutBeforeTheEnd() throws Exception {
        send(frame(DATA, END_STREAM, 1, new byte[] {(byte) 0x81, (byte) 0x82, 0, 0, 0, 0, 'h', 'i'}));

        Frame answer = next(DATA);
        assertThat(answer.payload).isEqualTo(new byte[] {(byte) 0x81, 2, 'h', 'i'});
        assertThat((answer.flags & END_STREAM) != 0 || (next(DATA).flags & END_STREAM) != 0)
                .isTrue();
        assertThat(next(closed).code()).isEqualTo(CloseReason.ABNORMAL);
    }

    @Test
    void aStreamThatIsCancelledIsAConnectionThatWasCut() throws Exception {
        send(frame(RST_STREAM, 0, 1, CANCEL));

        assertThat(next(closed).code()).isEqualTo(CloseReason.ABNORMAL);
    }

    @Test
    void aStreamThatEndsWithoutACloseFrameIsAConnectionThatWasCut() throws Exception {
        send(frame(DATA, END_STREAM, 1));

        assertThat(next(closed).code()).isEqualTo(CloseReason.ABNORMAL);
    }

    @Test
    void whenTheConnectionIsGoneSoAreItsWebSockets() throws Exception {
        openAnother();

        socket.close();

        assertThat(next(closed).code()).isEqualTo(CloseReason.ABNORMAL);
        assertThat(next(closed).code()).isEqualTo(CloseReason.ABNORMAL);
    }

    @Test
    void aClientThatDoesNotAnswerTheCloseIsGivenUp() throws Exception {
        WebSocketConnection connection = openAnother();

        connection.close(4000, "é");

        assertThat(next(closed)).isEqualTo(new CloseReason(4000, "é"));
        assertThat(server.connections()).isOne(); // that of the other stream goes on
        send(frame(RST_STREAM, 0, 1, CANCEL));
        assertThat(next(closed).code()).isEqualTo(CloseReason.ABNORMAL);
    }

    private WebSocketConnection openAnother() throws Exception {
        send(frame(HEADERS, END_HEADERS, 3, request()));
        return next(opened);
    }
}
