package dev.parley.upload;

import dev.parley.testkit.UploadStoreContract;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The store of files keeps the contract, whenever it forces. */
final class FileUploadStoreContractTest {

    @Nested
    final class ForcedBeforeEachAnswer extends OfFiles {
        ForcedBeforeEachAnswer() {
            super(Durability.BEFORE_ACK);
        }
    }

    @Nested
    final class NeverForced extends OfFiles {
        NeverForced() {
            super(Durability.NONE);
        }
    }

    abstract static class OfFiles extends UploadStoreContract {
        private final Durability durability;
        private long maxBytes = Long.MAX_VALUE;

        @TempDir
        Path directory;

        OfFiles(Durability durability) {
            this.durability = durability;
        }

        private FileUploadStore opened() throws IOException {
            return FileUploadStore.at(directory.resolve("uploads"))
                    .durability(durability)
                    .maxBytes(maxBytes)
                    .minFreeBytes(0)
                    .open();
        }

        @Override
        protected UploadStore store() throws IOException {
            return opened();
        }

        @Override
        protected Optional<UploadStore> reopened() throws IOException {
            return Optional.of(opened());
        }

        @Override
        protected Optional<UploadStore> bounded(long bound) throws IOException {
            maxBytes = bound;
            return reopened();
        }
    }
}
