package dev.parley.upload;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where uploads are kept: for each id a content, which grows, and a record, a small text of which only {@link UploadEndpoint} knows what it
 * means.
 *
 * <p>The stores that come with Parley are {@link FileUploadStore} and {@link MemoryUploadStore}. A store of your own has to pass the
 * test kit's {@code UploadStoreContract}. What a store can do beyond this it says by interfaces: {@link Files}, {@link Joining},
 * {@link Bounded}.
 *
 * <p><b>Ids</b> are made by the endpoint: 26 characters of {@code a-z} and {@code 2-7}, so that they are good names of files
 * everywhere, and nobody guesses one. A store is never given an id that is anything else.
 *
 * <p><b>Threading.</b> All methods may block. They are called on several threads at once, but for one id one after the other.
 *
 * <p><b>Errors.</b> An {@link IOException} ends the request at hand with 500, or with 507 if it is a {@link NoSpaceException}; the upload stays, and can be
 * resumed.
 */
public interface UploadStore extends AutoCloseable {

    /**
     * Makes a new upload with an empty content.
     *
     * @param id a new id
     * @param record what {@link #record} returns from now on, after a crash too
     * @throws IOException if it can't; then nothing is left of it
     */
    void create(String id, byte[] record) throws IOException;

    /**
     * Replaces a record. Whenever the program or the machine dies, it is the old or the new one that is there afterwards.
     *
     * @param id an upload that exists
     * @param record the new one, up to some 100 KiB
     * @throws IOException if it can't; then the old one stays, or it is the new one, if only that it is durable is not sure
     */
    void save(String id, byte[] record) throws IOException;

    /**
     * The record of an upload.
     *
     * @param id an id
     * @return empty if there is no such upload
     * @throws IOException if it can't be read
     */
    Optional<byte[]> record(String id) throws IOException;

    /**
     * Opens the content of an upload. Only one is open at a time for an upload that is not complete; of a complete one several may be
     * read.
     *
     * @param id an upload that exists
     * @return its content, to be closed
     * @throws IOException if it can't be opened
     */
    UploadContent open(String id) throws IOException;

    /**
     * Deletes an upload, content and record. Does nothing if there is none.
     *
     * @param id an id
     * @throws IOException if something of it may be left
     */
    void delete(String id) throws IOException;

    /**
     * All uploads that exist.
     *
     * @return their ids
     * @throws IOException if they can't be listed
     */
    List<String> ids() throws IOException;

    /**
     * When the endpoint is to {@link UploadContent#force} contents. What the store keeps besides, such as records, it forces by itself
     * accordingly.
     *
     * @return {@link Durability#NONE}, as of a store that loses all with the program anyway, unless the store says something else
     */
    default Durability durability() {
        return Durability.NONE;
    }

    /** Lets go of what the store holds, such as a lock. */
    @Override
    void close() throws IOException;

    /** A store that has each content in a file. */
    interface Files extends UploadStore {
        /**
         * The file of an upload. An application may move it away when the upload is complete, and should delete the upload then.
         *
         * @param id an upload that exists
         * @return where its content is
         */
        Path file(String id);
    }

    /** A store that can join contents faster than by reading and writing them. */
    interface Joining extends UploadStore {
        /**
         * Appends the contents of some uploads to an empty one.
         *
         * @param id an upload that exists, with an empty content
         * @param parts uploads that exist, in order
         * @throws IOException if it can't; then the content may have any length
         */
        void join(String id, List<String> parts) throws IOException;
    }

    /** A store that knows how much there is room for. */
    interface Bounded extends UploadStore {
        /**
         * The most that all uploads together may take. The endpoint counts contents and records for it, each record in blocks of 4 KiB.
         *
         * @return bytes
         */
        long maxBytes();

        /**
         * What may still be written, as far as the store can tell: on a disk, what is left of it.
         *
         * @return bytes
         * @throws IOException if it can't tell
         */
        long usableBytes() throws IOException;
    }
}
