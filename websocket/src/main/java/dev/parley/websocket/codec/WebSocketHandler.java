package dev.parley.websocket.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.CodecException;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The server's end of one WebSocket, behind its handshake: bytes come in and go out, messages are told to a
 * {@link WebSocketListener} and written here.
 *
 * <pre>
 * pipeline:  ( TLS ) --- WebSocketHandler --- listener
 *              bytes        |       |         messages
 *                   WebSocketReader FrameWriter
 * </pre>
 *
 * <p><b>States.</b>
 *
 * <pre>
 *          close()            the client's close frame
 *  OPEN ------------> CLOSING -------------------------> ENDED
 *    |   close frame sent    \  or none within the time    ^
 *    +------- the client's close frame, which is answered -+
 *    +------- a violation: close frame sent ---------------+
 * </pre>
 *
 * After the close frame nothing is sent. What still comes while it is {@code CLOSING} is read for the client's close frame, and
 * else thrown away. The server closes the transport, never the client (RFC 6455 section 7.1.1).
 *
 * <p><b>Writing.</b> What is written during a read goes out in one write at its end, else when the current task is over.
 *
 * <p><b>Backpressure.</b> A client that does not read what it is sent is not read either, until it has caught up.
 *
 * <p><b>Threading.</b> Confined to the channel's event loop.
 *
 * <p><b>Memory.</b> Between messages nothing is kept but two small objects.
 */
public final class WebSocketHandler extends ChannelInboundHandlerAdapter implements MessageListener {
    /** What is gathered before it is handed to the transport. */
    private static final int MAX_GATHERED_BYTES = 64 * 1024;
    /** Payloads from this size on are not gathered, but get a buffer of their own. */
    private static final int LARGE_BYTES = 8 * 1024;
    /** The first buffer of a read: enough for some short messages. */
    private static final int LEAST_BUFFER_BYTES = 1024;

    private static final byte OPEN = 0;
    private static final byte CLOSING = 1;
    private static final byte ENDED = 2;

    private final WebSocketSettings settings;
    private final WebSocketListener listener;
    private final @Nullable DeflateAgreement deflate;
    private @Nullable WebSocketReader reader;
    private @Nullable ChannelHandlerContext ctx;
    /** Written, and not handed to the transport. */
    private @Nullable ByteBuf out;
    /** Received, and not read, as reading is paused. */
    private @Nullable ByteBuf unread;
    /** The state of compression that is this connection's alone, where that was agreed on. */
    private @Nullable Takeover takeover;
    /** What ended it, once something did; and what ends it if the client does not. */
    private @Nullable Closing closing;

    private byte state = OPEN;
    private boolean reading;
    /** A listener may be told something, which may pause and resume. */
    private boolean inRead;

    private boolean flushScheduled;
    private boolean unflushed;
    /** The application wants no messages now. */
    private boolean held;
    /** The client does not read. */
    private boolean behind;

    /**
     * A handler for a new connection.
     *
     * @param settings limits and times
     * @param deflate what was agreed on in the handshake; {@code null} if nothing was
     * @param listener hears of messages, and of the end
     */
    public WebSocketHandler(
            WebSocketSettings settings, @Nullable DeflateAgreement deflate, WebSocketListener listener) {
        this.settings = settings;
        this.deflate = deflate;
        this.listener = listener;
    }

    private record Takeover(
            @Nullable MessageDeflater deflater, @Nullable MessageInflater inflater) {
        void close() {
            if (deflater != null) {
                deflater.close();
            }
            if (inflater != null) {
                inflater.close();
            }
        }
    }

    private record Closing(CloseReason reason, ScheduledFuture<?> deadline) {}

    // ---- the channel

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        MessageInflater inflater = null;
        if (deflate != null) {
            if (deflate.serverTakesOver() || deflate.clientTakesOver()) {
                takeover = new Takeover(
                        deflate.serverTakesOver() ? MessageDeflater.own(deflate.serverMaxWindowBits()) : null,
                        deflate.clientTakesOver() ? MessageInflater.own() : null);
            }
            inflater = takeover != null && takeover.inflater != null ? takeover.inflater : MessageInflater.shared();
        }
        reader = new WebSocketReader(settings.limits(), inflater, added.alloc(), this);
        reader.observer(listener.observer());
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
        end(new CloseReason(CloseReason.ABNORMAL, ""));
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        end(new CloseReason(CloseReason.ABNORMAL, ""));
        inactive.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext read, Object message) {
        if (!(message instanceof ByteBuf bytes)) {
            read.fireChannelRead(message);
            return;
        }
        if (state == ENDED) {
            bytes.release();
            return;
        }
        reading = true;
        read(behindUnread(bytes));
    }

    /** A handler in front may have more, though nothing is read from the socket: it waits behind what waits already. */
    private ByteBuf behindUnread(ByteBuf bytes) {
        ByteBuf before = unread;
        if (before == null) {
            return bytes;
        }
        unread = null;
        // Copied: what waits may be a slice, behind which there is no room, or another's bytes.
        ByteBuf both = ctx().alloc().buffer(before.readableBytes() + bytes.readableBytes());
        both.writeBytes(before).writeBytes(bytes);
        before.release();
        bytes.release();
        return both;
    }

    /** Reads what came; what is not read, as reading is paused, waits. */
    private void read(ByteBuf bytes) {
        WebSocketReader from = reader();
        ByteBuf in = bytes;
        if (bytes.isReadOnly()) { // it is unmasked in place
            in = bytes.copy();
            bytes.release();
        }
        boolean left = false;
        inRead = true;
        try {
            from.read(in);
            left = in.isReadable() && !from.isEnded();
        } catch (ViolationException e) {
            violated(e.violation());
        } catch (Throwable t) {
            failed(t);
        } finally {
            inRead = false;
            if (left) {
                unread = in;
            } else {
                in.release();
            }
        }
        if (!isStopped() && !channel().config().isAutoRead()) { // a listener has paused, and gone on
            channel().config().setAutoRead(true);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext complete) {
        reading = false;
        flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext changed) {
        if (behind && changed.channel().isWritable()) {
            behind = false;
            goOn();
            if (state == OPEN) {
                listener.writable();
            }
        }
        changed.fireChannelWritabilityChanged();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
        if (!(cause instanceof IOException || cause instanceof CodecException)) { // those a client alone can cause
            listener.failed(cause);
        }
        failed.close();
    }

    private ChannelHandlerContext ctx() {
        if (ctx == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return ctx;
    }

    private WebSocketReader reader() {
        if (reader == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return reader;
    }

    /**
     * The channel.
     *
     * @return the channel
     * @throws IllegalStateException if it is in no pipeline
     */
    public Channel channel() {
        return ctx().channel();
    }

    // ---- reading on and off

    /**
     * Tells no more messages until {@link #resume}: what was read waits, and the socket is not read. Does nothing if it is not
     * open, as then the client's close frame, or its end, is waited for.
     */
    public void pause() {
        if (state == OPEN) {
            held = true;
            stop();
        }
    }

    /** Tells messages again. */
    public void resume() {
        held = false;
        goOn();
    }

    private void stop() {
        reader().pause();
        channel().config().setAutoRead(false);
    }

    private void goOn() {
        if (isStopped()) {
            return;
        }
        reader().resume();
        if (inRead) {
            return; // what is being read goes on, and all else behind it
        }
        ByteBuf waiting = unread;
        unread = null;
        if (waiting != null) {
            read(waiting);
            flushSoon();
        }
        if (!isStopped()) { // again, by what was told just now
            channel().config().setAutoRead(true);
        }
    }

    private boolean isStopped() {
        return state == OPEN && (held || behind);
    }

    // ---- what the reader tells

    @Override
    public void text(ByteBuf utf8) {
        if (state == OPEN) {
            listener.text(utf8);
        }
    }

    @Override
    public void binary(ByteBuf bytes) {
        if (state == OPEN) {
            listener.binary(bytes);
        }
    }

    @Override
    public void ping(ByteBuf payload) {
        if (state == OPEN) {
            FrameWriter.write(buffer(payload.readableBytes()), Opcode.PONG, payload);
            observe(Opcode.PONG, true, false, payload.readableBytes());
            written();
            listener.ping(payload);
        }
    }

    @Override
    public void pong(ByteBuf payload) {
        if (state == OPEN) {
            listener.pong(payload);
        }
    }

    @Override
    public void closeFrame(CloseReason reason) {
        fail(reason);
    }

    /**
     * Looks whether a message has begun and is not whole; to be called steadily. One that has lasted too long ends the connection
     * ({@link Violation#MESSAGE_TOO_SLOW}): it takes memory that others need. Beats in which the application has paused do not count.
     *
     * @param maxBeats how many calls it may last
     * @return whether a message is on its way
     */
    public boolean isReceiving(int maxBeats) {
        if (state != OPEN || held) {
            return false;
        }
        int beats = reader().beat();
        if (beats > maxBeats) {
            violated(Violation.MESSAGE_TOO_SLOW);
        }
        return beats > 0;
    }

    private void violated(Violation violation) {
        listener.violated(violation);
        fail(violation.reason());
    }

    private void failed(Throwable failure) {
        listener.failed(failure);
        fail(CloseReason.of(CloseReason.INTERNAL_ERROR, "something failed"));
    }

    /** Answers with a close frame, if that was not sent before, and ends: nothing more of the client's is read. */
    private void fail(CloseReason reason) {
        if (state == OPEN) {
            writeClose(reason);
        }
        end(reason);
    }

    // ---- writing

    /**
     * Whether messages are sent: neither side has closed.
     *
     * @return whether it is open
     */
    public boolean isOpen() {
        return state == OPEN;
    }

    /**
     * Whether the client keeps up.
     *
     * @return {@code false} also when it is not open
     */
    public boolean isWritable() {
        return state == OPEN && channel().isWritable();
    }

    /**
     * What was written and is not with the operating system yet. May be asked on any thread: on another than the event loop's
     * what is gathered during a read is not in it.
     *
     * @return a number of bytes, 0 or more
     */
    public long queuedBytes() {
        Channel channel = channel();
        ByteBuf gathered = channel.eventLoop().inEventLoop() ? out : null;
        return waitingBytes(channel) + (gathered == null ? 0 : gathered.readableBytes());
    }

    /** What a channel was given and has not sent. */
    private static long waitingBytes(Channel channel) {
        WriteBufferWaterMark marks = channel.config().getWriteBufferWaterMark();
        // Both are told up to the first byte beyond the mark.
        long room = channel.bytesBeforeUnwritable();
        if (room > 0) {
            return marks.high() + 1 - room;
        }
        long excess = channel.bytesBeforeWritable();
        // Where it is closed, or where only the connection of its stream is full.
        return excess == Long.MAX_VALUE || excess == 0 ? 0 : marks.low() + excess - 1;
    }

    /**
     * Writes a whole message, compressed where that was agreed on, and it is long enough.
     *
     * @param opcode {@link Opcode#TEXT} or {@link Opcode#BINARY}
     * @param payload its bytes, which stay the caller's and stay readable
     */
    public void write(int opcode, ByteBuf payload) {
        int length = payload.readableBytes();
        if (deflate == null || length < settings.deflateThreshold()) {
            writePlain(opcode, payload);
        } else if (state == OPEN) {
            ByteBuf to = buffer(MessageDeflater.room(length));
            int compressedBytes = FrameWriter.write(to, opcode, payload, deflater(deflate));
            observe(opcode, true, true, compressedBytes);
            written();
        }
    }

    /**
     * As {@link #write(int, ByteBuf)}.
     *
     * @param opcode {@link Opcode#TEXT} or {@link Opcode#BINARY}
     * @param payload its bytes
     */
    public void write(int opcode, byte[] payload) {
        if (deflate == null || payload.length < settings.deflateThreshold()) {
            writePlain(opcode, payload);
        } else {
            write(opcode, Unpooled.wrappedBuffer(payload));
        }
    }

    /**
     * As {@link #writePlain(int, ByteBuf)}.
     *
     * @param opcode {@link Opcode#TEXT} or {@link Opcode#BINARY}
     * @param payload its bytes
     */
    public void writePlain(int opcode, byte[] payload) {
        if (state == OPEN) {
            FrameWriter.write(buffer(payload.length), opcode, payload);
            observe(opcode, true, false, payload.length);
            written();
        }
    }

    private MessageDeflater deflater(DeflateAgreement agreed) {
        MessageDeflater own = takeover == null ? null : takeover.deflater;
        return own != null ? own : MessageDeflater.shared(agreed.serverMaxWindowBits());
    }

    /**
     * Writes a whole message as it is, never compressed. For messages that hold a secret together with what others chose:
     * the length of a compressed one would give it away.
     *
     * @param opcode {@link Opcode#TEXT} or {@link Opcode#BINARY}
     * @param payload its bytes, which stay the caller's and stay readable
     */
    public void writePlain(int opcode, ByteBuf payload) {
        if (state == OPEN) {
            FrameWriter.write(buffer(payload.readableBytes()), opcode, payload);
            observe(opcode, true, false, payload.readableBytes());
            written();
        }
    }

    /**
     * Writes a fragment of a message; the caller sees to it that no other message comes in between.
     *
     * @param opcode {@link Opcode#TEXT} or {@link Opcode#BINARY}, then {@link Opcode#CONTINUATION}
     * @param payload its bytes, which stay the caller's and stay readable
     * @param position where it stands
     */
    public void writeFragment(int opcode, ByteBuf payload, Fragment position) {
        if (state == OPEN) {
            ByteBuf to = buffer(payload.readableBytes());
            if (position == Fragment.LAST) {
                FrameWriter.write(to, opcode, payload);
            } else {
                FrameWriter.fragment(to, opcode, payload);
            }
            observe(opcode, position == Fragment.LAST, false, payload.readableBytes());
            written();
        }
    }

    /** Where a fragment stands in its message. */
    public enum Fragment {
        /** Others follow. */
        MORE,
        /** It is the last. */
        LAST
    }

    /**
     * Writes frames that are encoded already, and flushes: what many connections get, each a duplicate of the same bytes.
     * Nobody looks at them.
     *
     * @param frames whole messages, of which no compressed one refers to another; this method takes the buffer over
     */
    public void writeShared(ByteBuf frames) {
        if (state != OPEN) {
            frames.release();
            return;
        }
        if (takeover != null && takeover.deflater != null) {
            takeover.deflater.forget(); // the client's window may hold other bytes now
        }
        push();
        ctx().write(frames, channel().voidPromise());
        unflushed = true;
        flush();
    }

    /**
     * What was agreed on in the handshake.
     *
     * @return {@code null} if messages are not compressed
     */
    public @Nullable DeflateAgreement agreement() {
        return deflate;
    }

    /**
     * Writes a ping.
     *
     * @param payload at most 125 bytes, which stay the caller's
     * @throws IllegalArgumentException if it is longer
     */
    public void ping(byte[] payload) {
        if (state == OPEN) {
            FrameWriter.write(buffer(payload.length), Opcode.PING, payload);
            observe(Opcode.PING, true, false, payload.length);
            written();
        }
    }

    /**
     * Writes a close frame, after which nothing is sent, and waits for the client's. Does nothing if it is not open.
     *
     * @param reason why
     */
    public void close(CloseReason reason) {
        if (state != OPEN) {
            return;
        }
        writeClose(reason);
        closing = new Closing(
                reason,
                ctx().executor()
                        .schedule(() -> end(reason), settings.closeTimeout().toNanos(), TimeUnit.NANOSECONDS));
        flush();
        held = false;
        goOn();
    }

    private void writeClose(CloseReason reason) {
        ByteBuf to = buffer(2);
        int start = to.writerIndex();
        FrameWriter.close(to, reason);
        observe(Opcode.CLOSE, true, false, to.writerIndex() - start - 2);
        state = CLOSING;
    }

    private void observe(int opcode, boolean isFinal, boolean isCompressed, int length) {
        FrameListener observer = reader().observer();
        if (observer != null) {
            observer.frame(
                    new FrameListener.Frame(FrameListener.Direction.SENT, opcode, isFinal, isCompressed, length));
        }
    }

    /** What a frame with so many bytes of payload is written to. */
    private ByteBuf buffer(int payloadBytes) {
        ByteBuf to = out;
        if (to == null || payloadBytes >= LARGE_BYTES) {
            push();
            to = ctx().alloc().directBuffer(Math.max(LEAST_BUFFER_BYTES, payloadBytes + FrameWriter.MAX_HEAD_BYTES));
            out = to;
        }
        return to;
    }

    /** A frame was written: sees to it that it goes out. */
    private void written() {
        if (out != null && out.readableBytes() >= MAX_GATHERED_BYTES) {
            push();
            if (!channel().isWritable()) {
                flush();
            }
        }
        flushSoon();
    }

    private void flushSoon() {
        if (!reading && !flushScheduled) {
            flushScheduled = true;
            ctx().executor().execute(() -> {
                flushScheduled = false;
                flush();
            });
        }
    }

    /** Hands what is gathered to the transport. */
    private void push() {
        if (out != null) {
            ByteBuf gathered = out;
            out = null;
            unflushed = true;
            ctx().write(gathered, channel().voidPromise());
        }
    }

    /** Sends all that was written. It is done without being asked, at the end of a read or of a task. */
    public void flush() {
        push();
        if (unflushed) {
            unflushed = false;
            ctx().flush();
        }
        if (!behind && !channel().isWritable() && state == OPEN) {
            behind = true;
            stop();
        }
    }

    /**
     * Sends all that was written.
     *
     * @return completes when all that was written so far is with the operating system
     */
    public ChannelFuture flushed() {
        push();
        unflushed = false;
        return ctx().writeAndFlush(Unpooled.EMPTY_BUFFER);
    }

    // ---- the end

    private void end(CloseReason reason) {
        if (state == ENDED) {
            return;
        }
        state = ENDED; // first, as the transport may go while it is flushed
        boolean gone = !channel().isActive();
        if (!gone) {
            flush();
        }
        reader().close();
        out = released(out);
        unread = released(unread);
        CloseReason first = reason;
        if (closing != null) {
            first = closing.reason;
            closing.deadline.cancel(false);
        }
        if (takeover != null) {
            takeover.close();
        }
        if (deflate != null) {
            deflate.close();
        }
        if (!gone) {
            channel().config().setAutoRead(true); // so that the end of the client's side is noticed
            listener.end(ctx());
        }
        listener.closed(first);
    }

    private static @Nullable ByteBuf released(@Nullable ByteBuf buffer) {
        if (buffer != null) {
            buffer.release();
        }
        return null;
    }
}
