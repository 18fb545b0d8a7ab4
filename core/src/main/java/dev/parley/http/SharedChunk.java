package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.AbstractReferenceCounted;
import io.netty.util.ReferenceCounted;

/**
 * A part of a body that many response streams send. The bytes are made once, framed once for each wire, and never copied:
 * this is how one event reaches thousands of clients.
 *
 * <pre>{@code
 * SharedChunk chunk = SharedChunk.allocate(allocator, 256);
 * encode(event, chunk.content());
 * streams.forEach(stream -> stream.write(chunk));
 * chunk.release();
 * }</pre>
 *
 * <p><b>Threading.</b> Confined to one event loop: the reference count would else go from core to core with each client.
 *
 * <p><b>Memory.</b> Reference-counted; whoever allocated it releases it. Streams retain what they need.
 */
public final class SharedChunk extends AbstractReferenceCounted {
    /** Room for the size of an HTTP/1.1 chunk (RFC 9112 section 7.1): up to eight digits, CR, LF. */
    private static final int ROOM = 10;

    private final ByteBuf buffer;
    /** Where the size of the chunk begins; negative while the content may change. */
    private int start = -1;

    private int end;

    private SharedChunk(ByteBuf buffer) {
        this.buffer = buffer;
    }

    /**
     * An empty chunk.
     *
     * @param allocator gives the buffer
     * @param capacity how many bytes it will take, about; it grows
     * @return the chunk, which the caller releases
     */
    public static SharedChunk allocate(ByteBufAllocator allocator, int capacity) {
        ByteBuf buffer = allocator.directBuffer(ROOM + capacity + 2);
        return new SharedChunk(buffer.setIndex(ROOM, ROOM));
    }

    /**
     * What to append the bytes to, before the chunk is first sent.
     *
     * @return the chunk's own buffer, whose reader index stands where the bytes begin
     * @throws IllegalStateException if it was sent
     */
    public ByteBuf content() {
        if (start >= 0) {
            throw new IllegalStateException("the chunk was sent (expected: one that was not)");
        }
        return buffer;
    }

    /** How many bytes of a body this is. */
    int size() {
        seal();
        return end - ROOM;
    }

    /** The bytes alone; the caller releases them. */
    ByteBuf plain() {
        seal();
        return buffer.retainedSlice(ROOM, end - ROOM); // no duplicate: a handler in front could write behind its end
    }

    /** The bytes as one chunk of HTTP/1.1; the caller releases them. */
    ByteBuf framed() {
        seal();
        return buffer.retainedSlice(start, end + 2 - start);
    }

    private void seal() {
        if (start >= 0) {
            return;
        }
        end = buffer.writerIndex();
        if (end < ROOM || buffer.readerIndex() != ROOM) {
            throw new IllegalStateException("the content was not appended (expected: no clear, no reads)");
        }
        buffer.writeByte('\r').writeByte('\n');
        int at = ROOM;
        buffer.setByte(--at, '\n').setByte(--at, '\r');
        int rest = end - ROOM;
        do {
            buffer.setByte(--at, Character.forDigit(rest & 0xF, 16));
            rest >>>= 4;
        } while (rest != 0);
        start = at;
    }

    @Override
    protected void deallocate() {
        buffer.release();
    }

    @Override
    public ReferenceCounted touch(Object hint) {
        buffer.touch(hint);
        return this;
    }
}
