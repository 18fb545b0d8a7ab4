package dev.parley.upload;

import dev.parley.testkit.UploadStoreContract;
import java.util.Optional;

/** The store in memory keeps the contract. */
final class MemoryUploadStoreContractTest extends UploadStoreContract {
    @Override
    protected UploadStore store() {
        return MemoryUploadStore.create();
    }

    @Override
    protected Optional<UploadStore> bounded(long maxBytes) {
        return Optional.of(MemoryUploadStore.of(maxBytes));
    }
}
