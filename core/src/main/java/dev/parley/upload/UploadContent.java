package dev.parley.upload;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of one upload, opened.
 *
 * <p><b>Threading.</b> All methods may block; one thread at a time.
 */
public interface UploadContent extends Closeable {

    /**
     * How many bytes there are.
     *
     * @return 0 or more
     * @throws IOException if it can't tell
     */
    long size() throws IOException;

    /**
     * Appends bytes at the end.
     *
     * @param bytes what to append, all of it, in order
     * @throws NoSpaceException if there is no room; some of it may have been appended
     * @throws IOException if it can't; some of it may have been appended
     */
    void append(ByteBuffer[] bytes) throws IOException;

    /**
     * Reads bytes.
     *
     * @param position where from
     * @param into where to
     * @return how many were read, or -1 at the end
     * @throws IOException if it can't
     */
    int read(long position, ByteBuffer into) throws IOException;

    /**
     * Cuts the end off.
     *
     * @param size how many bytes stay, at most as many as there are
     * @throws IOException if it can't
     */
    void truncate(long size) throws IOException;

    /**
     * Makes what was appended durable: it is there after a loss of power too.
     *
     * @throws IOException if that is not sure
     */
    void force() throws IOException;
}
