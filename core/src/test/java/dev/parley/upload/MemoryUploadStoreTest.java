package dev.parley.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What the store in memory does beyond the contract, which it keeps. */
class MemoryUploadStoreTest {
    private static final String ID = "abcdefghijklmnopqrstuvwxyz";

    private static ByteBuffer[] bytes(int count) {
        return new ByteBuffer[] {ByteBuffer.allocate(count)};
    }

    @Test
    void itHasRoomFor64MiBUnlessToldOtherwise() {
        try (MemoryUploadStore store = MemoryUploadStore.create()) {
            assertThat(store.maxBytes()).isEqualTo(64 << 20);
            assertThat(store.usableBytes()).isEqualTo(64 << 20);
        }
    }

    @Test
    void theBoundIsExact() throws IOException {
        try (MemoryUploadStore store = MemoryUploadStore.of(10)) {
            store.create(ID, new byte[0]);
            try (UploadContent content = store.open(ID)) {
                content.append(bytes(10));
                assertThatThrownBy(() -> content.append(bytes(1)))
                        .isInstanceOf(NoSpaceException.class)
                        .hasMessage("store: 1 bytes more than 10 (expected: at most 10 bytes in all)");
            }
        }
    }

    @Test
    void nothingIsAppendedOfWhatIsRefused() throws IOException {
        try (MemoryUploadStore store = MemoryUploadStore.of(10)) {
            store.create(ID, new byte[0]);
            try (UploadContent content = store.open(ID)) {
                content.append(bytes(4));
                ByteBuffer[] tooMany = {ByteBuffer.allocate(3), ByteBuffer.allocate(4)};
                assertThatThrownBy(() -> content.append(tooMany)).isInstanceOf(NoSpaceException.class);

                assertThat(content.size()).isEqualTo(4);
                assertThat(tooMany[0].position()).isZero();
                assertThat(store.usableBytes()).isEqualTo(6);
            }
        }
    }

    @Test
    void aContentThatIsOpenStaysWhenItsUploadIsDeleted() throws IOException {
        try (MemoryUploadStore store = MemoryUploadStore.of(10)) {
            store.create(ID, new byte[0]);
            try (UploadContent content = store.open(ID)) {
                content.append(bytes(4));
                store.delete(ID);

                assertThat(content.read(0, ByteBuffer.allocate(10))).isEqualTo(4);
                content.truncate(1);
                assertThat(store.usableBytes()).as("counted once").isEqualTo(10);
            }
        }
    }

    @Test
    void aBoundIsNotNegative() {
        assertThatThrownBy(() -> MemoryUploadStore.of(-1)).hasMessage("maxBytes: -1 (expected: >= 0)");
    }

    @Test
    void itIsNotForced() {
        try (MemoryUploadStore store = MemoryUploadStore.create()) {
            assertThat(store.durability()).isSameAs(Durability.NONE);
        }
    }
}
