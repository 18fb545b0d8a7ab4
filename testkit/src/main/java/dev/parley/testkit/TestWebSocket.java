package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.websocket.codec.CloseReason;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A WebSocket as a client has it ({@link TestRequest#webSocket}), over HTTP/1.1 or an HTTP/2 stream: sends what the test
 * says, right or wrong, and records what comes.
 *
 * <pre>{@code
 * TestWebSocket ws = server.webSocket("/ws");
 * ws.sendJson("login", Map.of("user", "mai"));
 * assertThat(ws).receivedJson("welcome", Map.of("name", "mai")).receivedNothing();
 *
 * ws.send("x".repeat(70_000));
 * assertThat(ws).closedWith(1009);
 * }</pre>
 *
 * <p><b>What is recorded</b> waits to be looked at: messages as {@link #texts}, {@link #binaries} or {@link #json}, pongs
 * as {@link #pongs}, how it ended as {@link #closeReason}; or all of it, frame by frame, as {@link #frames}. Each look takes
 * what it saw. What nobody took fails the test when its server is closed: messages, pongs, and an end that the client did
 * not ask for. {@link #ignoreRest} says that it does not matter. Nobody has to look at pings.
 *
 * <p><b>What a client does by itself.</b> It answers each ping ({@link #ignorePings} stops that) and the server's close
 * frame, with the same code ({@link #ignoreClose} stops that). It leaves it to the server to end the connection.
 *
 * <p><b>What a server must not send</b> is an {@link AssertionError}, at the next look or when the server is closed: masks,
 * lengths that are not in their shortest form, reserved bits and opcodes, fragments out of order, control frames that are
 * too long or fragmented, illegal close codes, text that is not UTF-8, messages that can't be inflated, and anything
 * behind the server's close frame.
 *
 * <p><b>Limits.</b> 64 MiB for what is recorded and not taken, and for one message: a server that sends without end needs a
 * client that looks or that {@linkplain #stall stalls}.
 *
 * <p><b>Threading.</b> Confined to the thread of its server.
 */
public final class TestWebSocket {
    private static final int MAX_BYTES = 64 * 1024 * 1024;
    /** How many messages a message of a failed assertion shows. */
    private static final int MAX_SHOWN = 16;

    private final TestServer server;
    private final Cable cable;
    private final ClientStream stream;
    private final Answer answer;
    private final Handshake handshake;
    private final ServerFrames reader;
    private final @Nullable MessageDeflater deflater;
    /** The same in each run: so is a test. */
    private final SplittableRandom masks = new SplittableRandom(6455);

    private int pieceBytes = Integer.MAX_VALUE;

    // Received, and not taken.
    private final Deque<TestFrame> frames = new ArrayDeque<>();
    private final Deque<Message> messages = new ArrayDeque<>();
    private final Deque<TestFrame> pongs = new ArrayDeque<>();
    private long heldBytes;
    private @Nullable String wrong;
    private boolean wrongSeen;
    private boolean ignored;

    private boolean answersPings = true;
    private boolean answersClose = true;
    /** The last ping that was not answered. */
    private @Nullable TestFrame ping;

    // The end.
    private @Nullable TestFrame closeReceived;
    private @Nullable TestFrame closeSent;
    /** Whether this client sent its close frame before it had that of the server. */
    private boolean closedFirst;
    /** Whether this client ended its output, or went away. */
    private boolean left;
    /** Whether it went away without a word. */
    private boolean gone;

    private boolean endSeen;

    /** A whole message: text, or else bytes. */
    record Message(@Nullable String text, byte[] bytes) {
        boolean isText() {
            return text != null;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Message message
                    && isText() == message.isText()
                    && Arrays.equals(bytes, message.bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }

        @Override
        public String toString() {
            return isText() ? Text.quote(bytes) : "binary " + Text.hex(bytes);
        }
    }

    TestWebSocket(TestServer server, Cable cable, ClientStream stream, Answer answer, Handshake handshake) {
        this.server = server;
        this.cable = cable;
        this.stream = stream;
        this.answer = answer;
        this.handshake = handshake;
        DeflateTerms deflate = handshake.deflate();
        this.reader = new ServerFrames(deflate, new Recorder());
        this.deflater = deflate == null ? null : new MessageDeflater(deflate);
    }

    /** Begins to read: what came right behind the handshake first. */
    void begin() {
        server.record(this::unread);
        answer.onData(this::read);
        server.run();
    }

    private void read() {
        reader.read(answer.takeAll());
        if (answer.end() == Answer.End.COMPLETE && !left) {
            // As a system does: a stream that only the server has ended would stay half open.
            server.execute(() -> stream.end(EmptyHttpHeaders.INSTANCE));
        }
    }

    /** Records what the reader tells, while the server works. */
    private final class Recorder implements ServerFrames.Listener {
        @Override
        public void onFrame(TestFrame frame) {
            if (hold(frame.payload().length)) {
                frames.add(frame);
            }
        }

        @Override
        public void onText(String text) {
            add(new Message(text, text.getBytes(UTF_8)));
        }

        @Override
        public void onBinary(byte[] bytes) {
            add(new Message(null, bytes));
        }

        private void add(Message message) {
            if (hold(message.bytes().length)) {
                messages.add(message);
            }
        }

        @Override
        public void onControl(TestFrame frame) {
            switch (frame.opcode()) {
                case TestFrame.PING -> {
                    ping = frame;
                    if (answersPings) {
                        answerPing();
                    }
                }
                case TestFrame.PONG -> pongs.add(frame);
                default -> {
                    closeReceived = frame;
                    if (answersClose) {
                        answerCloseFrame();
                    }
                }
            }
        }

        @Override
        public void onWrong(String what) {
            wrong = what;
        }

        /** Whether there is room for so much more; else nothing is recorded any more. */
        private boolean hold(int bytes) {
            if (wrong != null) {
                return false;
            }
            heldBytes += bytes;
            if (heldBytes > 2L * MAX_BYTES) { // each is held as a frame and as a message
                wrong = "more than " + MAX_BYTES
                        + " bytes that nobody looked at (expected: a test that looks at them, or a client that stalls)";
                return false;
            }
            return true;
        }
    }

    private void answerPing() {
        TestFrame asked = ping;
        ping = null;
        if (asked != null && closeSent == null && !left) {
            writeLater(TestFrame.of(TestFrame.PONG, asked.payload()));
        }
    }

    private void answerCloseFrame() {
        TestFrame asked = closeReceived;
        if (asked != null && closeSent == null && !left) {
            byte[] payload = asked.payload();
            closeSent = TestFrame.of(TestFrame.CLOSE, Arrays.copyOf(payload, Math.min(2, payload.length)));
            writeLater(closeSent);
        }
    }

    /** Not while the codec is reading. */
    private void writeLater(TestFrame frame) {
        byte[] bytes = frame.toBytes(masks.nextInt());
        server.execute(() -> stream.send(bytes));
    }

    // ---- messages

    /**
     * Sends a text message in one frame, and lets the server work.
     *
     * @param text the message
     * @return this WebSocket
     * @throws AssertionError if the WebSocket is closed, by the server or by this client; a {@link #frame} is sent even so
     */
    public TestWebSocket send(String text) {
        return message(TestFrame.text(text));
    }

    /**
     * Sends a binary message in one frame, and lets the server work.
     *
     * @param bytes the message, which must not be changed afterwards
     * @return this WebSocket
     * @throws AssertionError as by {@link #send(String)}
     */
    public TestWebSocket send(byte[] bytes) {
        return message(TestFrame.binary(bytes));
    }

    /**
     * Sends a text message, compressed as was agreed on, and lets the server work.
     *
     * @param text the message
     * @return this WebSocket
     * @throws IllegalStateException if permessage-deflate was not agreed on
     * @throws AssertionError as by {@link #send(String)}
     */
    public TestWebSocket sendCompressed(String text) {
        return message(
                TestFrame.of(TestFrame.TEXT, deflated(text.getBytes(UTF_8))).rsv(TestFrame.RSV1));
    }

    /**
     * Sends a binary message, compressed as was agreed on, and lets the server work.
     *
     * @param bytes the message
     * @return this WebSocket
     * @throws IllegalStateException if permessage-deflate was not agreed on
     * @throws AssertionError as by {@link #send(String)}
     */
    public TestWebSocket sendCompressed(byte[] bytes) {
        return message(TestFrame.binary(deflated(bytes)).rsv(TestFrame.RSV1));
    }

    /**
     * Sends {@code {"type": …, "payload": …}}, and lets the server work.
     *
     * @param type the type
     * @param payload what Jackson can write
     * @return this WebSocket
     * @throws AssertionError as by {@link #send(String)}
     */
    public TestWebSocket sendJson(String type, @Nullable Object payload) {
        return send(json(type, payload, null));
    }

    /**
     * Sends {@code {"type": …, "payload": …, "id": …}}, and lets the server work.
     *
     * @param type the type
     * @param payload what Jackson can write
     * @param id text or a number
     * @return this WebSocket
     * @throws AssertionError as by {@link #send(String)}
     */
    public TestWebSocket sendJson(String type, @Nullable Object payload, Object id) {
        return send(json(type, payload, id));
    }

    static String json(String type, @Nullable Object payload, @Nullable Object id) {
        Map<String, @Nullable Object> message = new LinkedHashMap<>();
        message.put("type", type);
        message.put("payload", payload);
        if (id != null) {
            message.put("id", id);
        }
        return JsonMapper.shared().writeValueAsString(message);
    }

    /**
     * Sends a ping, and lets the server work.
     *
     * @param text what the pong is to have too, 125 bytes at most
     * @return this WebSocket
     * @throws AssertionError as by {@link #send(String)}
     */
    public TestWebSocket ping(String text) {
        return message(TestFrame.ping(text));
    }

    private TestWebSocket message(TestFrame frame) {
        server.run();
        checkRight();
        if (isEnded() || closeReceived != null || closeSent != null || left) {
            endSeen = true;
            throw new AssertionError(this + " (expected: open, to send " + frame + ")");
        }
        return frame(frame);
    }

    // ---- the end

    /**
     * Sends a close frame without a code, as a page does that gives none, and lets the server work. The answer of a server
     * has no code either: {@code closedWith(1005)}.
     *
     * @return this WebSocket
     * @throws AssertionError as by {@link #send(String)}
     */
    public TestWebSocket close() {
        return message(TestFrame.close());
    }

    /**
     * Sends a close frame, and lets the server work.
     *
     * @param code any two bytes, legal or not
     * @param reason sent as UTF-8; the frame holds 123 bytes of it
     * @return this WebSocket
     * @throws AssertionError as by {@link #send(String)}
     */
    public TestWebSocket close(int code, String reason) {
        return message(TestFrame.close(code, reason));
    }

    /** The client goes away without a word: by a reset of the connection (HTTP/1.1) or of the stream (HTTP/2). */
    public void cut() {
        server.run();
        left = true;
        gone = true;
        stream.cut();
        server.run();
    }

    /** Ends what this client sends without a close frame (FIN, or {@code END_STREAM}); it still reads. */
    public void closeOutput() {
        server.run();
        left = true;
        stream.end(EmptyHttpHeaders.INSTANCE);
        server.run();
    }

    // ---- frames

    /**
     * Sends frames, right or wrong, whatever was sent before, and lets the server work.
     *
     * @param sent the frames
     * @return this WebSocket
     */
    public TestWebSocket frame(TestFrame... sent) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (TestFrame frame : sent) {
            if (closeSent == null && frame.isLegalClose()) {
                closeSent = frame;
                closedFirst = closeReceived == null;
            }
            all.writeBytes(frame.toBytes(masks.nextInt()));
        }
        return bytes(all.toByteArray());
    }

    /**
     * Sends bytes that need be no frames, and lets the server work.
     *
     * @param bytes the bytes
     * @return this WebSocket
     */
    public TestWebSocket bytes(byte[] bytes) {
        for (ByteBuffer rest = ByteBuffer.wrap(bytes); rest.hasRemaining(); ) {
            byte[] piece = new byte[Math.min(pieceBytes, rest.remaining())];
            rest.get(piece);
            stream.send(piece);
            server.run();
        }
        return this;
    }

    /**
     * Sends from now on in pieces: the server gets that many bytes at a time, over HTTP/2 in a DATA frame each, and works
     * before the next come.
     *
     * @param bytes 1 or more
     * @return this WebSocket
     */
    public TestWebSocket pieceBytes(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("pieceBytes: " + bytes + " (expected: >= 1)");
        }
        pieceBytes = bytes;
        return this;
    }

    /**
     * Compresses a message as was agreed on, for {@link #frame frames} that the test makes of it. It has to be sent, as what
     * comes next may refer to it.
     *
     * @param message the message
     * @return the payload of its frame, or of its fragments together
     * @throws IllegalStateException if permessage-deflate was not agreed on
     */
    public byte[] deflated(byte[] message) {
        if (deflater == null) {
            throw new IllegalStateException(answer.request()
                    + ": permessage-deflate: not agreed on (expected: an offer, by TestRequest.deflate,"
                    + " and a server that takes it)");
        }
        return deflater.deflate(message);
    }

    // ---- what the client does by itself

    /**
     * Answers no pings from now on.
     *
     * @return this WebSocket
     */
    public TestWebSocket ignorePings() {
        answersPings = false;
        return this;
    }

    /**
     * Answers the last ping, if it was not answered, and those that come, and lets the server work.
     *
     * @return this WebSocket
     */
    public TestWebSocket answerPings() {
        answersPings = true;
        answerPing();
        server.run();
        return this;
    }

    /**
     * Does not answer the server's close frame.
     *
     * @return this WebSocket
     */
    public TestWebSocket ignoreClose() {
        answersClose = false;
        return this;
    }

    /**
     * Answers the server's close frame, if it has come, or when it does, and lets the server work.
     *
     * @return this WebSocket
     */
    public TestWebSocket answerClose() {
        answersClose = true;
        answerCloseFrame();
        server.run();
        return this;
    }

    /**
     * Stops reading: the server can send what the system or the HTTP/2 window holds, and then has to wait. What is not read
     * is not answered.
     */
    public void stall() {
        server.run();
        stream.stall();
    }

    /** Reads again. */
    public void resume() {
        stream.resume();
        server.run();
    }

    // ---- received

    /**
     * Takes the messages that have come since the last look, all of them text.
     *
     * @return the messages, in order
     * @throws AssertionError if one is binary, or if the server sent what it must not
     */
    public List<String> texts() {
        List<String> texts = new ArrayList<>();
        for (Message message : takeMessages()) {
            String text = message.text();
            if (text == null) {
                throw new AssertionError(answer.request() + ": received: " + message + " (expected: text)");
            }
            texts.add(text);
        }
        return texts;
    }

    /**
     * Takes the messages that have come since the last look, all of them binary.
     *
     * @return the messages, in order
     * @throws AssertionError if one is text, or if the server sent what it must not
     */
    public List<byte[]> binaries() {
        List<byte[]> binaries = new ArrayList<>();
        for (Message message : takeMessages()) {
            if (message.isText()) {
                throw new AssertionError(answer.request() + ": received: " + message + " (expected: binary)");
            }
            binaries.add(message.bytes());
        }
        return binaries;
    }

    /**
     * Takes the messages that have come since the last look, each of them a text that is JSON.
     *
     * @param type the type to read each into; {@code JsonNode} for any JSON
     * @param <T> the type
     * @return the values, in order
     * @throws AssertionError if one is binary, or if the server sent what it must not
     */
    public <T> List<T> json(Class<T> type) {
        return texts().stream()
                .map(text -> JsonMapper.shared().readValue(text, type))
                .toList();
    }

    List<Message> takeMessages() {
        look();
        List<Message> taken = List.copyOf(messages);
        messages.forEach(message -> heldBytes -= message.bytes().length);
        messages.clear();
        dropFrames(Integer.MAX_VALUE);
        return taken;
    }

    /** The first message that was not taken, which then is; {@code null} if there is none. */
    @Nullable
    Message takeMessage() {
        look();
        Message message = messages.poll();
        if (message != null) {
            heldBytes -= message.bytes().length;
            dropFrames(1);
        }
        return message;
    }

    /** Forgets the frames of the first so many whole messages. */
    private void dropFrames(int count) {
        int toGo = count;
        for (Iterator<TestFrame> all = frames.iterator(); toGo > 0 && all.hasNext(); ) {
            TestFrame frame = all.next();
            if (!frame.isControl()) {
                heldBytes -= frame.payload().length;
                all.remove();
                toGo -= frame.isFinal() ? 1 : 0;
            }
        }
    }

    /**
     * Takes the pongs that have come since the last look.
     *
     * @return their payloads, as UTF-8, in order
     * @throws AssertionError if the server sent what it must not
     */
    public List<String> pongs() {
        look();
        List<String> taken = pongs.stream().map(TestFrame::text).toList();
        pongs.forEach(pong -> heldBytes -= pong.payload().length);
        frames.removeIf(frame -> frame.opcode() == TestFrame.PONG);
        pongs.clear();
        return taken;
    }

    /**
     * Takes all that has come since the last look, frame by frame. Messages and pongs that came in them count as looked at,
     * and so does a close frame. Frames of messages and pongs that were taken in another way are not among them.
     *
     * @return the frames, in order; those of a message that has not ended too
     * @throws AssertionError if the server sent what it must not
     */
    public List<TestFrame> frames() {
        look();
        List<TestFrame> taken = List.copyOf(frames);
        frames.clear();
        messages.clear();
        pongs.clear();
        heldBytes = 0;
        endSeen |= closeReceived != null;
        return taken;
    }

    private void look() {
        server.run();
        checkRight();
    }

    private void checkRight() {
        if (wrong != null) {
            wrongSeen = true;
            throw new AssertionError(wrongMessage());
        }
    }

    private String wrongMessage() {
        return answer.request() + ": the server sent " + wrong;
    }

    // ---- facts

    /**
     * The subprotocol that the server chose, of those that were offered.
     *
     * @return its name; empty if it chose none
     */
    public Optional<String> subprotocol() {
        return Optional.ofNullable(handshake.subprotocol());
    }

    /**
     * The headers of the answer that opened it.
     *
     * @return the headers as they came, without pseudo-headers
     */
    public HttpHeaders headers() {
        return handshake.headers();
    }

    /**
     * Whether the server has neither sent a close frame nor ended the connection or stream.
     *
     * @return {@code true} while more may come
     * @throws AssertionError if the server sent what it must not
     */
    public boolean isOpen() {
        look();
        return closeReceived == null && !isEnded();
    }

    /**
     * Why it was closed, as a page is told.
     *
     * @return the code and reason of the server's close frame, 1005 if it had none; 1006 if the connection or stream ended
     *     without one; empty while it is open
     * @throws AssertionError if the server sent what it must not
     */
    public Optional<CloseReason> closeReason() {
        look();
        endSeen |= closeReceived != null || isEnded();
        if (closeReceived != null) {
            return Optional.of(CloseCodes.read(closeReceived.payload()));
        }
        return isEnded() ? Optional.of(new CloseReason(CloseReason.ABNORMAL, "")) : Optional.empty();
    }

    /**
     * Whether the connection (HTTP/1.1) or the stream (HTTP/2) has ended, however it did.
     *
     * @return {@code true} when nothing can come any more
     */
    boolean isEnded() {
        return answer.end() != Answer.End.NONE;
    }

    /** Whether the stream was reset, where a server should have ended it (RFC 8441 section 5). */
    boolean isReset() {
        return answer.end() == Answer.End.CUT_OFF;
    }

    /** Whether both sides have sent their close frames, so that it is on the server to end the connection. */
    boolean isClosedByBoth() {
        return closeReceived != null && closeSent != null;
    }

    List<String> extensions() {
        return handshake.headers().getAll(Handshake.EXTENSIONS);
    }

    /** Whatever else comes, or has come, need not be looked at. What a server must not send fails the test even so. */
    public void ignoreRest() {
        ignored = true;
    }

    /** Where it is, and how far it came. */
    @Override
    public String toString() {
        return answer.request() + ": " + progress();
    }

    private String progress() {
        String end;
        if (closeReceived != null) {
            end = "closed with " + CloseCodes.read(closeReceived.payload());
        } else if (isEnded()) {
            end = isCutHere() ? "the client is gone" : "ended by the server without a close frame";
        } else {
            end = closeSent == null ? "open" : "the client has sent " + closeSent + ", and the server no close frame";
        }
        return end + (reader.unfinished().isEmpty() ? "" : ", with " + reader.unfinished());
    }

    /** Whether it was the client that went away, by whatever means. */
    boolean isCutHere() {
        return gone || cable.client().isCut() || answer.wasCut();
    }

    /** What messages have not been taken, for a message; empty if there are none. */
    String untaken() {
        return messages.isEmpty() ? "" : show(List.copyOf(messages));
    }

    static String show(List<Message> messages) {
        int more = Math.max(0, messages.size() - MAX_SHOWN);
        return messages.subList(0, messages.size() - more) + (more == 0 ? "" : " and " + more + " more");
    }

    /** What nobody has looked at, for a message; empty if there is nothing. */
    String unread() {
        if (wrong != null) {
            return wrongSeen ? "" : wrongMessage();
        }
        if (ignored) {
            return "";
        }
        List<String> unread = new ArrayList<>();
        if (!messages.isEmpty()) {
            unread.add("messages " + untaken());
        }
        if (!pongs.isEmpty()) {
            unread.add("pongs " + pongs);
        }
        if (!endSeen && !isExpectedEnd()) {
            unread.add("its end");
        }
        return unread.isEmpty()
                ? ""
                : this + ": nobody looked at " + String.join(", and at ", unread)
                        + " (expected: all of it taken, or ignoreRest())";
    }

    private static int code(TestFrame close) {
        return CloseCodes.read(close.payload()).code();
    }

    /** Whether it goes on, or ended as the client asked. */
    private boolean isExpectedEnd() {
        if (closeReceived == null) {
            return !isEnded() || left || isCutHere();
        }
        return closedFirst && closeSent != null && code(closeReceived) == code(closeSent);
    }
}
