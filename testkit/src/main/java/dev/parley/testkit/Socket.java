package dev.parley.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.internal.StringUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * One end of a connection that never leaves the JVM. It behaves as a channel on a TCP socket does: a write moves bytes into
 * what the system holds for the other end, and no more than fits there; a read takes them out, only while the channel
 * wants to read; an end of the other's output is seen behind its last byte.
 *
 * <p>Nothing moves by itself: {@link #deliver} is one turn of what a selector would do. Confined to the event loop.
 */
final class Socket extends AbstractChannel implements DuplexChannel {
    /** What the system holds for one direction. */
    private static final int CAPACITY = 64 * 1024;

    private static final ChannelMetadata METADATA = new ChannelMetadata(false);

    private final InetSocketAddress local;
    private final InetSocketAddress remote;
    private final ChannelConfig config = new Config();
    /** Stays open when the other end has ended its output. */
    private final boolean halfCloses;

    private @Nullable Socket peer;

    // What has come from the other end and was not read, a ring.
    private final byte[] inbox = new byte[CAPACITY];
    private int inboxStart;
    private int inboxSize;
    private boolean inputEnded;
    private boolean reset;

    private int pieceBytes = Integer.MAX_VALUE;
    private long delivered;
    private long cutAfter = Long.MAX_VALUE;

    private boolean open = true;
    private boolean readPending;
    private boolean outputShutdown;
    private boolean inputShutdown;

    Socket(InetSocketAddress local, InetSocketAddress remote, boolean halfCloses) {
        super(null);
        this.local = local;
        this.remote = remote;
        this.halfCloses = halfCloses;
    }

    static void join(Socket one, Socket other) {
        one.peer = other;
        other.peer = one;
    }

    // ---- moved by the kit

    void plugInto(VirtualLoop loop) {
        unsafe().register(loop, newPromise());
    }

    /** Sets how many bytes a read gives at most. */
    void pieceBytes(int bytes) {
        pieceBytes = bytes;
    }

    /** Cuts the connection when that many bytes were read in all. */
    void cutAfter(long bytes) {
        cutAfter = bytes;
        if (delivered >= bytes) {
            cut();
        }
    }

    /** Both ends are gone, without a word. */
    void cut() {
        Socket other = peer();
        other.reset = true;
        reset = true;
        other.deliver();
        deliver();
    }

    /** Whether {@link #cut} ended it, and not the other end. */
    boolean isCut() {
        return reset;
    }

    boolean isInputEnded() {
        return !open || inputEnded && inboxSize == 0;
    }

    /** Reads once, if there is something to read and somebody wants to. Whether something happened. */
    boolean deliver() {
        if (!open) {
            return false;
        }
        if (reset) {
            inboxSize = 0;
            pipeline().fireExceptionCaught(new IOException("Connection reset"));
            unsafe().close(unsafe().voidPromise());
            return true;
        }
        if (!readPending || inputShutdown) {
            return false;
        }
        if (inboxSize == 0) {
            if (!inputEnded) {
                return false;
            }
            inputShutdown = true;
            if (!halfCloses) {
                unsafe().close(unsafe().voidPromise());
            }
            return true;
        }
        readPending = false;
        int size = (int) Math.min(Math.min(pieceBytes, inboxSize), cutAfter - delivered);
        delivered += size;
        pipeline().fireChannelRead(take(size));
        pipeline().fireChannelReadComplete();
        peer().writeMore();
        if (delivered >= cutAfter) {
            cut();
        }
        return true;
    }

    private ByteBuf take(int size) {
        int first = Math.min(size, CAPACITY - inboxStart);
        ByteBuf bytes =
                alloc().buffer(size).writeBytes(inbox, inboxStart, first).writeBytes(inbox, 0, size - first);
        inboxStart = (inboxStart + size) % CAPACITY;
        inboxSize -= size;
        return bytes;
    }

    private int room() {
        return CAPACITY - inboxSize;
    }

    private void put(ByteBuf bytes, int size) {
        int at = (inboxStart + inboxSize) % CAPACITY;
        int first = Math.min(size, CAPACITY - at);
        bytes.readBytes(inbox, at, first).readBytes(inbox, 0, size - first);
        inboxSize += size;
    }

    private int put(ByteBuffer bytes) {
        int size = Math.min(bytes.remaining(), room());
        int at = (inboxStart + inboxSize) % CAPACITY;
        int first = Math.min(size, CAPACITY - at);
        bytes.get(inbox, at, first).get(inbox, 0, size - first);
        inboxSize += size;
        return size;
    }

    private void writeMore() {
        ((SocketUnsafe) unsafe()).writeMore();
    }

    private Socket peer() {
        if (peer == null) {
            throw new IllegalStateException("not joined");
        }
        return peer;
    }

    // ---- the channel

    @Override
    protected void doWrite(ChannelOutboundBuffer in) throws Exception {
        Socket to = peer();
        for (Object message = in.current(); message != null; message = in.current()) {
            if (!to.open) {
                throw new IOException("Broken pipe");
            }
            if (message instanceof ByteBuf bytes) {
                int size = Math.min(bytes.readableBytes(), to.room());
                to.put(bytes, size);
                in.progress(size);
                if (bytes.isReadable()) {
                    return;
                }
            } else {
                FileRegion region = (FileRegion) message;
                long size = region.transferTo(new Inbox(to), region.transferred());
                in.progress(size);
                if (region.transferred() < region.count()) {
                    return;
                }
            }
            in.remove();
        }
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf || message instanceof FileRegion) {
            return message;
        }
        throw new UnsupportedOperationException(
                "message: " + StringUtil.simpleClassName(message) + " (expected: ByteBuf, FileRegion)");
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
    }

    @Override
    protected void doClose() {
        open = false;
        inboxSize = 0;
        peer().inputEnded = true;
    }

    @Override
    protected void doShutdownOutput() {
        outputShutdown = true;
        peer().inputEnded = true;
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doBind(SocketAddress address) {
        throw new UnsupportedOperationException("bind");
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new SocketUnsafe();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof VirtualLoop;
    }

    @Override
    protected SocketAddress localAddress0() {
        return local;
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return remote;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isInputShutdown() {
        return inputShutdown;
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        inputShutdown = true;
        return promise.setSuccess();
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown;
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        ((AbstractUnsafe) unsafe()).shutdownOutput(promise);
        return promise;
    }

    @Override
    public boolean isShutdown() {
        return inputShutdown && outputShutdown;
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        inputShutdown = true;
        return shutdownOutput(promise);
    }

    private final class SocketUnsafe extends AbstractUnsafe {
        /** Goes on with what was flushed, now that there is room. */
        void writeMore() {
            flush0();
        }

        @Override
        public void connect(SocketAddress to, SocketAddress from, ChannelPromise promise) {
            safeSetFailure(promise, new UnsupportedOperationException("connect"));
        }
    }

    private final class Config extends DefaultChannelConfig {
        Config() {
            super(Socket.this);
        }

        @Override
        protected void autoReadCleared() {
            readPending = false;
        }
    }

    /** What a file region is written to. */
    private record Inbox(Socket socket) implements WritableByteChannel {
        @Override
        public int write(ByteBuffer bytes) {
            return socket.put(bytes);
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
