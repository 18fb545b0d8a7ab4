package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.DefaultFileRegion;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a file, or a part of one, as the body of a response. The file is opened and read on the server's executor, never
 * on the event loop; where the transport takes a file region, the kernel sends the bytes without a copy through the JVM.
 */
final class FileSender {
    private static final Logger LOG = LoggerFactory.getLogger(FileSender.class);

    /** One read of the disk: large enough to be worth a task, small enough to hold a few thousand of them. */
    private static final int CHUNK = 64 * 1024;

    private final HttpExchange exchange;
    private final Wire wire;
    private final HttpResponseStream stream;
    private final FileChannel file;
    /** Whether the kernel can read the file, which it can't in an archive or in memory. */
    private final boolean ofKernel;

    private long position;
    private long left;
    /** It is the region that closes the file then, when it was sent. */
    private boolean handedOver;

    private FileSender(HttpExchange exchange, Wire wire, FileChannel file, boolean ofKernel, long position, long left) {
        this.ofKernel = ofKernel;
        this.exchange = exchange;
        this.wire = wire;
        this.stream = new HttpResponseStream(exchange, wire);
        this.file = file;
        this.position = position;
        this.left = left;
    }

    /** Sends a response whose content is a file. */
    static void send(HttpExchange exchange, Wire wire, Response response, Response.Content.File content) {
        try {
            exchange.executor().execute(() -> open(exchange, wire, response, content));
        } catch (RejectedExecutionException e) {
            exchange.send(Response.problem(Problem.of(503)).header("Retry-After", "1"));
        }
    }

    @SuppressWarnings("resource") // the sender closes it
    private static void open(HttpExchange exchange, Wire wire, Response response, Response.Content.File content) {
        FileChannel file;
        long length;
        try {
            if (!Files.isRegularFile(content.path())) {
                throw new NoSuchFileException(content.path().toString());
            }
            file = FileChannel.open(content.path(), StandardOpenOption.READ);
            length = content.length() < 0 ? file.size() - content.offset() : content.length();
        } catch (IOException | RuntimeException e) { // of the latter a file system that can't do this
            LOG.debug("{} can't be sent", content.path(), e);
            exchange.onLoop(() -> exchange.send(Response.problem(Problem.of(404))));
            return;
        }
        FileSender sender = new FileSender(
                exchange,
                wire,
                file,
                content.path().getFileSystem() == FileSystems.getDefault(),
                content.offset(),
                length);
        if (!exchange.onLoop(() -> sender.begin(response.withLength(length)))) {
            sender.close();
        }
    }

    private void begin(Response head) {
        exchange.onEnd(ignored -> close());
        exchange.begin(head, stream);
        if (exchange.hasEnded()) {
            return;
        }
        if (left == 0) {
            stream.end();
        } else if (ofKernel && wire.takesFileRegions()) {
            handedOver = true;
            stream.sendRegion(new DefaultFileRegion(file, position, left));
        } else {
            stream.onWritable(this::read);
            read();
        }
    }

    private void read() {
        try {
            exchange.executor().execute(this::readChunk);
        } catch (RejectedExecutionException e) {
            exchange.fail(e);
        }
    }

    private void readChunk() {
        int size = (int) Math.min(CHUNK, left);
        ByteBuf chunk = wire.channel().alloc().buffer(size, size);
        try {
            while (chunk.isWritable()) {
                if (chunk.writeBytes(file, position + chunk.writerIndex(), chunk.writableBytes()) < 0) {
                    throw new EOFException("the file has become shorter while it was sent");
                }
            }
        } catch (IOException e) {
            chunk.release();
            exchange.onLoop(() -> {
                if (!exchange.hasEnded()) { // else the file was closed under this read, as nobody wants it any more
                    exchange.fail(e);
                }
            });
            return;
        }
        position += size;
        left -= size;
        if (!exchange.onLoop(() -> pass(chunk))) {
            chunk.release();
        }
    }

    private void pass(ByteBuf chunk) {
        SendOutcome outcome = stream.writeUnbounded(chunk);
        if (left == 0) {
            stream.end();
        } else if (outcome == SendOutcome.SENT) {
            read();
        }
    }

    private void close() {
        if (!handedOver) {
            try {
                file.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
