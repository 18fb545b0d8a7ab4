package dev.parley.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.Exchange;
import dev.parley.http.Protocol;
import dev.parley.http.SendOutcome;
import dev.parley.http.Timer;
import dev.parley.http.Tunnel;
import dev.parley.topic.From;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import dev.parley.websocket.codec.CloseReason;
import dev.parley.websocket.codec.DeflateAgreement;
import dev.parley.websocket.codec.FrameListener;
import dev.parley.websocket.codec.Opcode;
import dev.parley.websocket.codec.Violation;
import dev.parley.websocket.codec.WebSocketHandler;
import dev.parley.websocket.codec.WebSocketListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.Principal;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one implementation of {@link WebSocketConnection}: what joins the listeners of the application, on whatever thread, with
 * the {@link WebSocketHandler} on the event loop.
 *
 * <p>As there may be thousands, it holds nothing of the request, and makes what few need when it is needed.
 */
final class OpenConnection extends KeepAlive implements WebSocketConnection, WebSocketListener, Consumer<Duration> {
    private static final Logger LOG = LoggerFactory.getLogger(OpenConnection.class);
    private static final CloseReason NORMAL = CloseReason.of(CloseReason.NORMAL, "");
    static final CloseReason FULL = CloseReason.of(CloseReason.TRY_AGAIN_LATER, "the client does not keep up");
    private static final CloseReason OVERRUN =
            CloseReason.of(CloseReason.TRY_AGAIN_LATER, "what comes next is not kept any more");
    private static final CloseReason FAILED = CloseReason.of(CloseReason.INTERNAL_ERROR, "something failed");
    private static final CloseReason NO_TEXT = CloseReason.of(CloseReason.UNSUPPORTED, "text is not taken here");
    private static final CloseReason NO_BINARY = CloseReason.of(CloseReason.UNSUPPORTED, "binary is not taken here");
    private static final CloseReason TOO_FAST = CloseReason.of(CloseReason.POLICY, "too much in too short a time");
    private static final CloseReason EXPIRED = CloseReason.of(CloseReason.POLICY, "the credential has expired");
    private static final CloseReason BUSY =
            CloseReason.of(CloseReason.TRY_AGAIN_LATER, "the server has too much to do");
    private static final CloseReason OLD = CloseReason.of(CloseReason.SERVICE_RESTART, "come back");
    /** By how much ages differ, so that connections that were opened together do not end together. */
    private static final double JITTER = 0.1;
    /** Where the ends of a drain fall: each is far from all before it (multiples of the golden ratio, modulo 1). */
    private static final double GOLDEN = 0.6180339887498949;
    /** The part of the time to drain in which connections are closed: what is left is for their last words. */
    private static final double CLOSING_PART = 0.8;

    private static final int PING_BYTES = Long.BYTES;
    private static final long NO_PING = Long.MIN_VALUE;
    private static final VarHandle ELSEWHERE;
    private static final VarHandle STREAM;
    private static final VarHandle RARE;

    static {
        try {
            ELSEWHERE = MethodHandles.lookup().findVarHandle(OpenConnection.class, "elsewhere", long.class);
            RARE = MethodHandles.lookup().findVarHandle(OpenConnection.class, "rare", Rare.class);
            STREAM = MethodHandles.lookup().findVarHandle(OpenConnection.class, "stream", OpenMessage.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Settings settings;
    private final Tunnel tunnel;
    private final WebSocketHandler handler;
    private final InetSocketAddress peerAddress;
    /** What most connections do without. */
    private volatile @Nullable Rare rare;

    private volatile boolean open = true;
    /** Bytes that other threads sent, and the event loop has not seen yet. */
    @SuppressWarnings("UnusedVariable") // through ELSEWHERE
    private volatile long elsewhere;

    /** When the last ping was sent, which is also what it holds; {@link #NO_PING} once it was answered. */
    private long pingNanos = NO_PING;

    /** Negative if it is not known. */
    private volatile int roundTripMicros = -1;

    private @Nullable TopicFeed feeds;
    /** What is being sent in fragments: claimed on any thread. */
    private volatile @Nullable OpenMessage stream;
    /** The same, from when the event loop knows of it until that has ended it: then other messages wait. */
    private volatile @Nullable OpenMessage streaming;

    private boolean hasEnded;
    /** Whether a send was told to be behind. */
    private boolean behind;
    /** Whether it is looked at soon whether the client has caught up. */
    private boolean looking;
    /** The application wants no messages now. */
    private boolean paused;

    OpenConnection(
            Settings settings,
            Tunnel tunnel,
            Exchange exchange,
            @Nullable String subprotocol,
            @Nullable DeflateAgreement deflate) {
        this.settings = settings;
        this.tunnel = tunnel;
        peerAddress = exchange.peerAddress();
        handler = new WebSocketHandler(settings.codec(), deflate, this);
        Principal principal = exchange.principal().orElse(null);
        if (principal != null
                || subprotocol != null
                || settings.rate() != null
                || settings.executor() != null
                || settings.messages() != null) {
            rare = new Rare(this, principal, subprotocol);
        }
    }

    /** What most connections do without: made when it is needed. */
    private static final class Rare {
        private final @Nullable Rate rate;
        /** Where listeners are called, one at a time; {@code null} for the event loop. */
        private final @Nullable Turns turns;
        /** {@code null} if messages are taken as they are. */
        private final @Nullable JsonConversation json;

        private final @Nullable Principal principal;
        private final @Nullable String subprotocol;
        private final Map<AttributeKey<?>, Object> attributes = new ConcurrentHashMap<>(4);
        private @Nullable Runnable writableListener;
        private @Nullable Timer expiry;
        /** Listeners that were handed to the executor, and have not returned. */
        private int calls;

        Rare(OpenConnection connection, @Nullable Principal principal, @Nullable String subprotocol) {
            this.principal = principal;
            this.subprotocol = subprotocol;
            Settings settings = connection.settings;
            rate = settings.rate() == null
                    ? null
                    : new Rate(settings.rate(), connection.eventLoop().ticker().nanoTime());
            turns = settings.executor() == null ? null : new Turns(settings.executor());
            json = settings.messages() == null ? null : new JsonConversation(connection, settings.messages());
        }
    }

    private Rare rare() {
        Rare has = rare;
        if (has != null) {
            return has;
        }
        Rare made = new Rare(this, null, null);
        Rare before = (Rare) RARE.compareAndExchange(this, null, made);
        return before == null ? made : before;
    }

    private @Nullable JsonConversation json() {
        Rare has = rare;
        return has == null ? null : has.json;
    }

    private @Nullable Turns turns() {
        Rare has = rare;
        return has == null ? null : has.turns;
    }

    /** Begins, in the pipeline. */
    void begin(Exchange exchange, Optional<Duration> credential) {
        tunnel.pipeline().addLast(handler);
        tunnel.every(settings.beat(), this);
        if (settings.maxAge() != null) {
            double part = 1 - JITTER * ThreadLocalRandom.current().nextDouble();
            tunnel.after(Duration.ofMillis((long) (settings.maxAge().toMillis() * part)), () -> close(OLD));
        }
        credential.ifPresent(this::credential);
        tunnel.onDrain(this);
        var listener = settings.listeners().open();
        if (listener != null) {
            tell(() -> listener.accept(this, exchange));
        }
    }

    @Override
    Settings settings() {
        return settings;
    }

    Tunnel tunnel() {
        return tunnel;
    }

    // ---- listeners

    /** Calls a listener, where listeners are called: until it is done, no message is told. */
    private void tell(Runnable call) {
        Turns turns = turns();
        if (turns == null) {
            call(call);
            return;
        }
        rare().calls++;
        handler.pause();
        try {
            turns.take(() -> {
                call(call);
                onLoop(this::called);
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: the executor takes no more", this, e);
            called();
            close(BUSY);
            if (hasEnded) {
                call(call); // the end, which is told in any case
            }
        }
    }

    private void call(Runnable call) {
        try {
            call.run();
        } catch (Throwable t) {
            failed(t);
            close(FAILED);
        }
    }

    /** A listener has returned. */
    private void called() {
        rare().calls--;
        readOn();
    }

    private void readOn() {
        Rare has = rare;
        if (!paused && (has == null || has.calls == 0)) {
            handler.resume();
        }
    }

    @Override
    public void text(ByteBuf utf8) {
        received();
        var listener = settings.listeners().text();
        JsonConversation typed = json();
        if (listener == null && typed == null) {
            close(NO_TEXT);
        } else if (isTooFast(utf8.readableBytes())) {
            close(TOO_FAST);
        } else if (typed != null) {
            String text = utf8.toString(UTF_8);
            tell(() -> typed.receive(text));
        } else if (listener != null) {
            String text = utf8.toString(UTF_8);
            if (turns() == null) {
                listener.accept(this, text);
            } else {
                tell(() -> listener.accept(this, text));
            }
        }
    }

    @Override
    public void binary(ByteBuf bytes) {
        received();
        var listener = settings.listeners().binary();
        if (listener == null) {
            close(NO_BINARY);
        } else if (isTooFast(bytes.readableBytes())) {
            close(TOO_FAST);
        } else if (turns() == null) {
            listener.accept(this, bytes);
        } else {
            // On the heap, as nobody is there to release it if the executor refuses.
            ByteBuf copy = Unpooled.wrappedBuffer(ByteBufUtil.getBytes(bytes));
            tell(() -> listener.accept(this, copy));
        }
    }

    private boolean isTooFast(int size) {
        Rare has = rare;
        Rate rate = has == null ? null : has.rate;
        return rate != null && !rate.take(size, tunnel.eventLoop().ticker().nanoTime());
    }

    @Override
    public void ping(ByteBuf payload) {
        heard();
        if (isTooFast(payload.readableBytes())) {
            close(TOO_FAST);
        }
    }

    @Override
    public void pong(ByteBuf payload) {
        heard();
        if (pingNanos == NO_PING
                || payload.readableBytes() != PING_BYTES
                || payload.getLong(payload.readerIndex()) != pingNanos) {
            return; // nobody asked for it, or before the last ping (RFC 6455 section 5.5.3)
        }
        long nanos = tunnel.eventLoop().ticker().nanoTime() - pingNanos;
        pingNanos = NO_PING;
        roundTripMicros = (int) Math.min(nanos / 1000, Integer.MAX_VALUE);
        var listener = settings.listeners().pong();
        if (listener != null) {
            Duration roundTrip = Duration.of(roundTripMicros, ChronoUnit.MICROS);
            tell(() -> listener.accept(this, roundTrip));
        }
    }

    @Override
    public @Nullable FrameListener observer() {
        var listener = settings.listeners().frame();
        return listener == null ? null : new Observer(listener);
    }

    /** Frames are seen in the midst of reading and writing: a failure waits until that is done, and is the last. */
    private final class Observer implements FrameListener {
        private final BiConsumer<WebSocketConnection, Frame> listener;
        private boolean hasFailed;

        Observer(BiConsumer<WebSocketConnection, Frame> listener) {
            this.listener = listener;
        }

        @Override
        public void frame(Frame frame) {
            if (!hasFailed) {
                try {
                    listener.accept(OpenConnection.this, frame);
                } catch (Throwable t) {
                    hasFailed = true;
                    failed(t);
                    tunnel.eventLoop().execute(() -> close(FAILED));
                }
            }
        }
    }

    @Override
    public void writable() {
        if (!isWritable()) {
            return;
        }
        for (TopicFeed feed = feeds; feed != null; feed = feed.next) {
            feed.resume();
        }
        Rare has = rare;
        Runnable listener = has == null ? null : has.writableListener;
        if (behind && listener != null) {
            behind = false;
            tell(listener);
        }
    }

    /** Looks whether the client has caught up when what was written is flushed: the handler tells only what comes later. */
    void lookSoon() {
        if (!looking) {
            looking = true;
            tunnel.eventLoop().execute(() -> {
                looking = false;
                writable();
            });
        }
    }

    @Override
    public void violated(Violation violation) {
        LOG.debug("{}: {} ({})", this, violation.text(), violation.source());
        settings.violations().add(violation);
    }

    @Override
    public void failed(Throwable failure) {
        listenerFailed(failure);
    }

    /** Tells the application of a failure of its own, from any thread. */
    void listenerFailed(Throwable failure) {
        var listener = settings.listeners().error();
        if (listener == null) {
            LOG.error("{}: a listener failed", this, failure);
            return;
        }
        try {
            listener.accept(this, failure);
        } catch (Throwable t) {
            t.addSuppressed(failure);
            LOG.error("{}: the listener for errors failed", this, t);
        }
    }

    @Override
    public void end(ChannelHandlerContext ctx) {
        tunnel.end();
    }

    @Override
    public void closed(CloseReason reason) {
        open = false;
        hasEnded = true;
        OpenMessage unfinished = streaming;
        if (unfinished != null) {
            unfinished.discard();
        }
        for (TopicFeed feed = feeds; feed != null; feed = feed.next) {
            feed.close();
        }
        feeds = null;
        JsonConversation typed = json();
        if (typed != null) {
            typed.requests().closed();
        }
        var listener = settings.listeners().close();
        if (listener != null) {
            tell(() -> listener.accept(this, reason));
        }
    }

    // ---- sending

    @Override
    public SendOutcome send(String text) {
        return send(Opcode.TEXT, text.getBytes(UTF_8), Compression.ALLOWED);
    }

    @Override
    public SendOutcome send(byte[] bytes) {
        return send(Opcode.BINARY, bytes, Compression.ALLOWED);
    }

    @Override
    public SendOutcome sendUncompressed(String text) {
        return send(Opcode.TEXT, text.getBytes(UTF_8), Compression.FORBIDDEN);
    }

    @Override
    public SendOutcome sendUncompressed(byte[] bytes) {
        return send(Opcode.BINARY, bytes, Compression.FORBIDDEN);
    }

    @Override
    public SendOutcome send(ByteBuf bytes) {
        try {
            if (!isOnLoop() || streaming != null) {
                byte[] copy = new byte[bytes.readableBytes()];
                bytes.getBytes(bytes.readerIndex(), copy);
                return send(copy);
            }
            SendOutcome refused = refusal(bytes.readableBytes());
            if (refused != null) {
                return refused;
            }
            sent();
            handler.write(Opcode.BINARY, bytes);
            return outcome(Unit.MESSAGE);
        } finally {
            bytes.release();
        }
    }

    /** Whether a message may be compressed. */
    private enum Compression {
        ALLOWED,
        FORBIDDEN
    }

    private SendOutcome send(int opcode, byte[] payload, Compression compression) {
        if (!isOnLoop()) {
            return submit(Unit.MESSAGE, payload.length, () -> write(opcode, payload, compression));
        }
        SendOutcome refused = refusal(payload.length);
        if (refused != null) {
            return refused;
        }
        write(opcode, payload, compression);
        return outcome(Unit.MESSAGE);
    }

    private void write(int opcode, byte[] payload, Compression compression) {
        sent();
        OpenMessage before = streaming;
        if (before != null) {
            before.hold(payload.length, () -> write(opcode, payload, compression));
        } else if (compression == Compression.ALLOWED) {
            handler.write(opcode, payload);
        } else {
            handler.writePlain(opcode, payload);
        }
    }

    /** What is sent: a message waits for the end of one in fragments. */
    enum Unit {
        MESSAGE,
        FRAGMENT
    }

    /** Lets the event loop write so many bytes, if as many may be queued. */
    SendOutcome submit(Unit unit, int size, Runnable write) {
        if (!open) {
            return SendOutcome.CLOSED;
        }
        if (isOnLoop()) {
            SendOutcome refused = refusal(size);
            if (refused != null) {
                return refused;
            }
            write.run();
            return outcome(unit);
        }
        SendOutcome outcome = admit(unit, size);
        if (outcome == SendOutcome.SENT || outcome == SendOutcome.QUEUED) {
            try {
                tunnel.eventLoop().execute(() -> {
                    ELSEWHERE.getAndAdd(this, (long) -size);
                    write.run();
                    if (outcome == SendOutcome.QUEUED) {
                        fallBehind(unit);
                    }
                });
            } catch (RejectedExecutionException e) { // an event loop that has stopped has no connections
                ELSEWHERE.getAndAdd(this, (long) -size);
                return SendOutcome.CLOSED;
            }
        }
        return outcome;
    }

    /** Whether so many bytes more of another thread may be queued; if so they are counted. */
    private SendOutcome admit(Unit unit, int size) {
        long before = (long) ELSEWHERE.getAndAdd(this, (long) size);
        if (isTooMuch(before + handler.queuedBytes() + heldBytes(), size)) {
            ELSEWHERE.getAndAdd(this, (long) -size);
            onLoop(this::full);
            return SendOutcome.DROPPED;
        }
        boolean waits = unit == Unit.MESSAGE && (stream != null || streaming != null);
        return !waits && before + size < handler.channel().bytesBeforeUnwritable()
                ? SendOutcome.SENT
                : SendOutcome.QUEUED;
    }

    /** A message that is too long by itself may still be sent, if nothing else waits. */
    private boolean isTooMuch(long queued, int size) {
        return queued > 0 && queued + size > settings.maxQueuedBytes();
    }

    private void full() {
        if (settings.whenFull() == WhenFull.CLOSE) {
            close(FULL);
        }
    }

    /** Why so many bytes are not sent now; {@code null} if they are. */
    private @Nullable SendOutcome refusal(int size) {
        if (!handler.isOpen()) {
            return SendOutcome.CLOSED;
        }
        if (isTooMuch(queuedBytes(), size)) {
            full();
            return SendOutcome.DROPPED;
        }
        return null;
    }

    /** What became of what was written just now. */
    private SendOutcome outcome(Unit unit) {
        if (handler.isWritable() && !waits(unit)) {
            return SendOutcome.SENT;
        }
        fallBehind(unit);
        return SendOutcome.QUEUED;
    }

    private boolean waits(Unit unit) {
        return unit == Unit.MESSAGE && streaming != null;
    }

    private void fallBehind(Unit unit) {
        behind = true;
        if (!waits(unit)) {
            lookSoon();
        }
    }

    @Override
    public SendOutcome send(String type, @Nullable Object payload) {
        return sendJson(Json.message(type, null, payload));
    }

    @Override
    public SendOutcome sendUncompressed(String type, @Nullable Object payload) {
        return send(Opcode.TEXT, Json.message(type, null, payload), Compression.FORBIDDEN);
    }

    SendOutcome sendJson(byte[] message) {
        return send(Opcode.TEXT, message, Compression.ALLOWED);
    }

    /** Sends what must not be lost without a sign, whatever happens to others when as much is queued as may be. */
    void sendOrClose(byte[] message) {
        if (sendJson(message) == SendOutcome.DROPPED) {
            close(FULL);
        }
    }

    @Override
    public <R> CompletionStage<R> request(String type, @Nullable Object payload, Class<R> reply, Duration deadline) {
        if (deadline.isNegative() || deadline.isZero() || deadline.compareTo(WebSocketEndpoint.LONGEST) > 0) {
            throw new IllegalArgumentException("deadline: " + deadline + " (expected: > 0, at most 365 days)");
        }
        JsonConversation typed = json();
        if (typed == null) {
            throw new IllegalStateException("request: " + type + " (expected: an endpoint of JSON messages)");
        }
        return typed.requests().send(type, payload, reply, deadline);
    }

    @Override
    public MessageStream streamText() {
        return stream(Opcode.TEXT);
    }

    @Override
    public MessageStream streamBinary() {
        return stream(Opcode.BINARY);
    }

    private MessageStream stream(int opcode) {
        OpenMessage begun = new OpenMessage(this, opcode);
        // On the event loop the end of another thread's may be on its way.
        if (isOnLoop() && streaming != null || !STREAM.compareAndSet(this, null, begun)) {
            throw new IllegalStateException("stream: another is open (expected: that it has ended)");
        }
        onLoop(() -> streaming = begun);
        return begun;
    }

    /** A message in fragments has ended, on the event loop. */
    void streamEnded(OpenMessage message) {
        streaming = null;
        release(message);
    }

    /** Another message in fragments may begin: what it does on the event loop comes behind all of this one. */
    void release(OpenMessage message) {
        STREAM.compareAndSet(this, message, null);
    }

    @Override
    void sendPing() {
        ping();
    }

    @Override
    public SendOutcome ping() {
        if (!open) {
            return SendOutcome.CLOSED;
        }
        return submit(Unit.FRAGMENT, PING_BYTES, () -> {
            pingNanos = tunnel.eventLoop().ticker().nanoTime();
            handler.ping(ByteBuffer.allocate(PING_BYTES).putLong(pingNanos).array());
        });
    }

    @Override
    public CompletionStage<Void> flushed() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        onLoop(() -> handler.flushed().addListener(written -> {
            if (written.isSuccess()) {
                done.complete(null);
            } else {
                done.completeExceptionally(new IOException("the connection has ended", written.cause()));
            }
        }));
        return done;
    }

    @Override
    public long queuedBytes() {
        return elsewhere + handler.queuedBytes() + heldBytes();
    }

    private long heldBytes() {
        OpenMessage before = streaming;
        return before == null ? 0 : before.heldBytes();
    }

    @Override
    public boolean isWritable() {
        return open && handler.channel().isWritable();
    }

    @Override
    public void onWritable(Runnable listener) {
        onLoop(() -> {
            rare().writableListener = listener;
            if (behind) {
                lookSoon(); // the client may have caught up while this was on its way to the event loop
            }
        });
    }

    // ---- a message in fragments

    WebSocketHandler handler() {
        return handler;
    }

    // ---- topics

    @Override
    public Subscription subscribe(Topic topic, From from) {
        return subscribe(Subscription.to(topic).from(from), feed(topic.name()));
    }

    @Override
    public Subscription subscribe(Subscription.Builder subscription) {
        return subscribe(subscription, feed(null));
    }

    private TopicFeed feed(@Nullable String topic) {
        return json() == null ? new TopicFeed(this) : new JsonFeed(this, topic);
    }

    Subscription subscribe(Subscription.Builder subscription, TopicFeed feed) {
        DeflateAgreement deflate = handler.agreement();
        PublicationEncoding encoding = new PublicationEncoding(
                feed.format(),
                settings.codec().deflateThreshold(),
                deflate == null ? 0 : deflate.serverMaxWindowBits());
        Subscription subscribed = subscription.feed(tunnel.eventLoop(), encoding, feed);
        feed.subscribed(subscribed);
        onLoop(() -> {
            if (!open || !subscribed.isOpen()) {
                subscribed.close();
                return;
            }
            feed.next = feeds;
            feeds = feed;
            feed.resume(); // it may have begun, and fallen behind, before this
        });
        return subscribed;
    }

    /** Sends publications, whose buffer stays the caller's. Returns whether they were taken. */
    boolean writeShared(ByteBuf frames) {
        if (!takesShared()) {
            return !open; // one that is closed will be told so
        }
        sent();
        handler.writeShared(frames.retainedSlice()); // no duplicate: a handler in front could write behind its end
        return true;
    }

    boolean takesShared() {
        if (streaming == null && open && !handler.isWritable()) {
            lookSoon(); // it may wait only for a flush
        }
        return streaming == null && handler.isWritable();
    }

    void feedEnded(TopicFeed ended, Subscription.End end, @Nullable Throwable failure) {
        forget(ended);
        if (failure != null) {
            listenerFailed(failure);
        }
        switch (end) {
            case CLOSED -> {}
            case OVERRUN -> close(OVERRUN);
            case FAILED -> close(FAILED);
            case TOPICS_CLOSED -> close(settings.drainReason());
        }
    }

    void forget(TopicFeed ended) {
        if (feeds == ended) {
            feeds = ended.next;
        }
        for (TopicFeed before = feeds; before != null; before = before.next) {
            if (before.next == ended) {
                before.next = ended.next;
            }
        }
    }

    // ---- reading

    @Override
    public void pauseReading() {
        onLoop(() -> {
            paused = true;
            handler.pause();
        });
    }

    @Override
    public void resumeReading() {
        onLoop(() -> {
            paused = false;
            readOn();
        });
    }

    /** Whether what the client says is heard; else its silence means nothing. */
    @Override
    boolean isReading() {
        return handler.channel().config().isAutoRead();
    }

    @Override
    boolean isReceiving() {
        return handler.isReceiving(settings.messageBeats());
    }

    // ---- what is known of the client

    @Override
    public void credential(Duration left) {
        onLoop(() -> {
            Rare has = rare();
            if (has.expiry != null) {
                has.expiry.cancel();
                has.expiry = null;
            }
            if (left.isZero() || left.isNegative()) {
                close(EXPIRED);
            } else if (left.compareTo(WebSocketEndpoint.LONGEST) < 0) {
                has.expiry = tunnel.after(left, () -> close(EXPIRED));
            }
        });
    }

    @Override
    public <T> Optional<T> attribute(AttributeKey<T> key) {
        Rare has = rare;
        @SuppressWarnings("unchecked") // attribute(key, value) sees to it
        T value = has == null ? null : (T) has.attributes.get(key);
        return Optional.ofNullable(value);
    }

    @Override
    public <T> void attribute(AttributeKey<T> key, @Nullable T value) {
        if (value == null) {
            rare().attributes.remove(key);
        } else {
            rare().attributes.put(key, value);
        }
    }

    @Override
    public Optional<Principal> principal() {
        Rare has = rare;
        return has == null ? Optional.empty() : Optional.ofNullable(has.principal);
    }

    @Override
    public Optional<String> subprotocol() {
        Rare has = rare;
        return has == null ? Optional.empty() : Optional.ofNullable(has.subprotocol);
    }

    @Override
    public InetSocketAddress peerAddress() {
        return peerAddress;
    }

    @Override
    public Protocol protocol() {
        return tunnel.protocol();
    }

    @Override
    public Optional<Duration> roundTripTime() {
        int micros = roundTripMicros;
        return micros < 0 ? Optional.empty() : Optional.of(Duration.of(micros, ChronoUnit.MICROS));
    }

    // ---- the end

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        close(NORMAL);
    }

    @Override
    public void close(int code, String text) {
        close(CloseReason.of(code, text));
    }

    @Override
    void close(CloseReason reason) {
        open = false;
        onLoop(() -> handler.close(reason));
    }

    /** Sends clients away one after the other, so that they do not come back together. */
    @Override
    public void accept(Duration left) {
        double part = settings.leaving().getAndIncrement() * GOLDEN % 1.0 * CLOSING_PART;
        tunnel.after(Duration.ofMillis((long) (left.toMillis() * part)), () -> close(settings.drainReason()));
    }

    @Override
    public EventLoop eventLoop() {
        return tunnel.eventLoop();
    }

    private boolean isOnLoop() {
        return tunnel.eventLoop().inEventLoop();
    }

    void onLoop(Runnable task) {
        if (isOnLoop()) {
            task.run();
            return;
        }
        try {
            tunnel.eventLoop().execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: its event loop has stopped, and it with that", this, e);
        }
    }

    @Override
    public String toString() {
        return "WebSocket of " + peerAddress;
    }
}
