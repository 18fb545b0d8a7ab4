package dev.parley.upload;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What some bytes must come to, as their sender says. They are read again from where they are stored: so it is the stored bytes that are right.
 *
 * @param algorithm how it is computed
 * @param expected what it must be
 */
record UploadDigest(Algorithm algorithm, byte[] expected) {
    /** What a read of the content takes. */
    private static final int BUFFER_BYTES = 128 * 1024;

    /** The algorithms, the strongest first, with the names that tus and RFC 9530 have for them. */
    enum Algorithm {
        SHA_512("sha512", "sha-512", 64),
        SHA_256("sha256", "sha-256", 32),
        SHA_1("sha1", "sha", 20),
        CRC_32C("crc32c", "crc32c", 4);

        private final String tusName;
        private final String fieldName;
        private final int bytes;

        Algorithm(String tusName, String fieldName, int bytes) {
            this.tusName = tusName;
            this.fieldName = fieldName;
            this.bytes = bytes;
        }

        /** As {@code Upload-Checksum} has it. */
        String tusName() {
            return tusName;
        }

        /** As {@code Repr-Digest} has it: RFC 9530 section 7.2. */
        String fieldName() {
            return fieldName;
        }

        /** How long what it gives is. */
        int bytes() {
            return bytes;
        }

        static Optional<Algorithm> ofTus(String name) {
            for (Algorithm algorithm : values()) {
                if (algorithm.tusName.equals(name)) {
                    return Optional.of(algorithm);
                }
            }
            return Optional.empty();
        }

        private Computation begin() {
            if (this == CRC_32C) {
                CRC32C crc = new CRC32C();
                return new Computation() {
                    @Override
                    public void update(ByteBuffer bytes) {
                        crc.update(bytes);
                    }

                    @Override
                    public byte[] end() {
                        return ByteBuffer.allocate(4)
                                .putInt((int) crc.getValue())
                                .array();
                    }
                };
            }
            MessageDigest digest;
            try {
                digest = MessageDigest.getInstance(name().replace('_', '-'));
            } catch (NoSuchAlgorithmException missing) {
                throw new IllegalStateException(this + ", which every JVM has, is missing", missing);
            }
            return new Computation() {
                @Override
                public void update(ByteBuffer bytes) {
                    digest.update(bytes);
                }

                @Override
                public byte[] end() {
                    return digest.digest();
                }
            };
        }
    }

    private interface Computation {
        void update(ByteBuffer bytes);

        byte[] end();
    }

    /** Whether it is that of a part of a content. */
    boolean matches(UploadContent content, long from, long to) throws IOException {
        return MessageDigest.isEqual(expected, compute(algorithm, content, from, to));
    }

    static byte[] compute(Algorithm algorithm, UploadContent content, long from, long to) throws IOException {
        Computation computation = algorithm.begin();
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER_BYTES, Math.max(1, to - from)));
        long at = from;
        while (at < to) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), to - at));
            int read = content.read(at, buffer);
            if (read < 0) {
                throw new EOFException("the content ends at " + at + " (expected: " + to + ")");
            }
            at += read;
            computation.update(buffer.flip());
        }
        return computation.end();
    }

    /** As a dictionary of structured fields has it. */
    String toField() {
        return algorithm.fieldName() + "=:" + Base64.getEncoder().encodeToString(expected) + ':';
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UploadDigest digest
                && digest.algorithm == algorithm
                && MessageDigest.isEqual(digest.expected, expected);
    }

    @Override
    public int hashCode() {
        return algorithm.hashCode() * 31 + java.util.Arrays.hashCode(expected);
    }

    @Override
    public String toString() {
        return algorithm + " " + HexFormat.of().formatHex(expected);
    }
}
