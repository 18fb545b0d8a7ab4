package dev.parley.server;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.kqueue.KQueue;
import io.netty.channel.kqueue.KQueueIoHandler;
import io.netty.channel.kqueue.KQueueServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;

/**
 * How a server does its input and output.
 *
 * <p>The native transports need Netty's native library for the machine on the class path
 * ({@code netty-transport-native-epoll} and so on, with the classifier of the platform; {@code netty-all} has all).
 */
public enum Transport {
    /**
     * The best that this machine has: epoll on Linux, kqueue on BSD and macOS, else NIO. Not io_uring, although it is
     * as good or better for small exchanges: measured with Netty 4.2.18 on Linux 6.18 it takes one and a half times the CPU
     * time for uploads.
     */
    AUTO,
    /** The JDK's selector, everywhere. */
    NIO,
    /** Linux epoll. */
    EPOLL,
    /** Linux io_uring. */
    IO_URING,
    /** BSD and macOS kqueue. */
    KQUEUE;

    Transport resolve() {
        Transport chosen = this;
        if (this == AUTO) {
            chosen = Epoll.isAvailable() ? EPOLL : KQueue.isAvailable() ? KQUEUE : NIO;
        }
        Throwable missing = switch (chosen) {
            case EPOLL -> Epoll.unavailabilityCause();
            case IO_URING -> IoUring.unavailabilityCause();
            case KQUEUE -> KQueue.unavailabilityCause();
            case NIO, AUTO -> null;
        };
        if (missing != null) {
            throw new IllegalStateException(
                    "transport: " + chosen + " is not available here (expected: its native library on the class path,"
                            + " and a kernel that has it; or Transport.AUTO)",
                    missing);
        }
        return chosen;
    }

    IoHandlerFactory ioHandlers() {
        return switch (resolve()) {
            case EPOLL -> EpollIoHandler.newFactory();
            case IO_URING -> IoUringIoHandler.newFactory();
            case KQUEUE -> KQueueIoHandler.newFactory();
            case NIO, AUTO -> NioIoHandler.newFactory();
        };
    }

    Class<? extends ServerChannel> serverChannel() {
        return switch (resolve()) {
            case EPOLL -> EpollServerSocketChannel.class;
            case IO_URING -> IoUringServerSocketChannel.class;
            case KQUEUE -> KQueueServerSocketChannel.class;
            case NIO, AUTO -> NioServerSocketChannel.class;
        };
    }
}
