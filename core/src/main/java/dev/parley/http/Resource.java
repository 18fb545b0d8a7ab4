package dev.parley.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What {@link StaticFiles} has under one path, or a {@link Download} is of: its bytes, and the validators by which clients know them again. */
sealed interface Resource {
    /** Where it is below the root, with slashes; its extension tells the media type. */
    String path();

    /** How long it is, in bytes. */
    long length();

    /** Which bytes these are. */
    EntityTag tag();

    /** The same under a tag that somebody knows better. */
    Resource tagged(EntityTag better);

    /** When it was last modified, to the second; {@code null} where there is no time to be trusted. */
    @Nullable
    Instant modified();

    /** A part of it, all of it included. */
    Response.Content part(long offset, long length);

    /**
     * A file. It is not opened here, and may be gone or changed when it is.
     *
     * @param file the real path, without symbolic links, so that none can be exchanged before it is opened
     */
    record OnDisk(String path, Path file, long length, EntityTag tag, Instant modified) implements Resource {
        /**
         * Looks at a file.
         *
         * @param now the time, taken before
         * @return empty if it is no regular file: a directory, a device, a pipe
         */
        static Optional<Resource> read(String path, Path file, Instant now) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                return Optional.empty();
            }
            Instant modified = attributes.lastModifiedTime().toInstant();
            return Optional.of(new OnDisk(
                    path, file, attributes.size(), tag(attributes.size(), modified, now), stated(modified, now)));
        }

        /**
         * A tag of size and time costs one look at the file, where a digest costs reading it. It is as strong as the
         * time: two changes within one tick of the file's clock have the same time. So the tag is weak while such a
         * second change may still come, and strong once the tick is over; RFC 9110 section 8.8.1 asks for that.
         *
         * <p>A tick is up to 10 ms, since kernels stamp files by their scheduler's clock, and this allows for two. A
         * time of whole seconds is likely to come from a file system that keeps no more: the coarsest, FAT, keeps two.
         */
        private static EntityTag tag(long size, Instant modified, Instant now) {
            Duration tick = modified.getNano() == 0 ? Duration.ofSeconds(2) : Duration.ofMillis(20);
            return new EntityTag(
                    modified.isBefore(now.minus(tick)) ? EntityTag.Strength.STRONG : EntityTag.Strength.WEAK,
                    Long.toString(size, 36)
                            + '-'
                            + Long.toString(modified.getEpochSecond(), 36)
                            + '-'
                            + Integer.toString(modified.getNano(), 36));
        }

        /** RFC 9110 section 8.8.2.1 forbids to state a time ahead of the clock; one before 1970 is no real time. */
        private static Instant stated(Instant modified, Instant now) {
            Instant past = modified.isAfter(now) ? now : modified;
            return past.isBefore(Instant.EPOCH) ? Instant.EPOCH : past.truncatedTo(ChronoUnit.SECONDS);
        }

        @Override
        public Resource tagged(EntityTag better) {
            return new OnDisk(path, file, length, better, modified);
        }

        @Override
        public Response.Content part(long offset, long partLength) {
            return new Response.Content.File(file, offset, partLength);
        }
    }

    /** Bytes whose tag is a digest of them. No time: the times in a jar are made up by the build. */
    record InMemory(String path, byte[] bytes, EntityTag tag) implements Resource {
        /** The resource that some bytes, not to be changed afterwards, are. */
        static InMemory of(String path, byte[] bytes) {
            return new InMemory(path, bytes, new EntityTag(EntityTag.Strength.STRONG, digest(bytes)));
        }

        private static String digest(byte[] bytes) {
            try {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
                // 128 bits: nobody finds two resources of the same tag by accident, and their author has no reason to.
                return new String(
                        Base64.getUrlEncoder().withoutPadding().encode(Arrays.copyOf(digest, 16)),
                        StandardCharsets.US_ASCII);
            } catch (NoSuchAlgorithmException missing) {
                throw new IllegalStateException("SHA-256, which every JVM must have, is missing", missing);
            }
        }

        @Override
        public long length() {
            return bytes.length;
        }

        @Override
        public Resource tagged(EntityTag better) {
            return new InMemory(path, bytes, better);
        }

        @Override
        public @Nullable Instant modified() {
            return null;
        }

        @Override
        public Response.Content part(long offset, long partLength) {
            return new Response.Content.Bytes(
                    partLength == bytes.length
                            ? bytes
                            : Arrays.copyOfRange(bytes, (int) offset, (int) (offset + partLength)));
        }
    }
}
