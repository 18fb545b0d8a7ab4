package dev.parley.upload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.upload.Space.Grant;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class SpaceTest {
    private static final String HERE = "192.0.2.1";

    private final Space space = new Space(MemoryUploadStore.of(1000), 600, 2, 3);

    @Test
    void grantsNoMoreThanThereIs() throws IOException {
        assertThat(space.reserve(null, 1000)).isEqualTo(Grant.GRANTED);
        assertThat(space.reserve(null, 1)).isEqualTo(Grant.FULL);
        space.release(null, 1000, 0);
        assertThat(space.reserve(null, 1000)).isEqualTo(Grant.GRANTED);
    }

    @Test
    void grantsAnOwnerNoMoreThanItsShare() throws IOException {
        assertThat(space.reserve("ann", 600)).isEqualTo(Grant.GRANTED);
        assertThat(space.reserve("ann", 1)).isEqualTo(Grant.OVER_OWNER);
        assertThat(space.reserve("bob", 400)).isEqualTo(Grant.GRANTED);
        assertThat(space.reserve("bob", 100)).isEqualTo(Grant.FULL);
        assertThat(space.reserved()).isEqualTo(1000);
    }

    @Test
    void countsWhatAnOwnerHasBegun() {
        assertThat(space.begin("ann", HERE, 0)).isTrue();
        assertThat(space.begin("ann", HERE, 0)).isTrue();
        assertThat(space.begin("ann", HERE, 0)).isFalse();
        assertThat(space.begin("bob", HERE, 0)).isTrue();
        space.end("ann", HERE);
        assertThat(space.begin("ann", HERE, 0)).isTrue();
    }

    @Test
    void countsWhatAClientHasBegunWithoutAnOwner() {
        for (int i = 0; i < 3; i++) {
            assertThat(space.begin(null, HERE, 0)).isTrue();
        }
        assertThat(space.begin(null, HERE, 0)).isFalse();
        assertThat(space.begin("ann", HERE, 0)).isTrue();
        assertThat(space.begin(null, "192.0.2.2", 0)).isTrue();
        space.end(null, null); // of a program before
        assertThat(space.begin(null, HERE, 0)).isFalse();
        space.end(null, HERE);
        assertThat(space.begin(null, HERE, 0)).isTrue();
    }

    @Test
    void theFilesOfAFormDoNotCountAgainstEachOther() {
        for (int i = 0; i < 10; i++) {
            assertThat(space.begin("ann", HERE, i)).isTrue();
            assertThat(space.begin(null, HERE, i)).isTrue();
        }
        assertThat(space.begin("ann", HERE, 0)).isFalse();
        assertThat(space.begin(null, HERE, 0)).isFalse();
    }

    @Test
    void aHugeWishDoesNotOverflow() throws IOException {
        assertThat(space.reserve(null, 500)).isEqualTo(Grant.GRANTED);
        assertThat(space.reserve(null, Long.MAX_VALUE)).isEqualTo(Grant.FULL);
        assertThat(space.reserve("ann", Long.MAX_VALUE)).isEqualTo(Grant.OVER_OWNER);
        assertThat(space.reserve(null, Long.MIN_VALUE)).isEqualTo(Grant.FULL); // a sum of two huge ones
        assertThat(space.reserved()).isEqualTo(500);
    }

    @Test
    void aRecordTakesWholeBlocks() {
        assertThat(Space.roomOf(new byte[1])).isEqualTo(4096);
        assertThat(Space.roomOf(new byte[4096])).isEqualTo(4096);
        assertThat(Space.roomOf(new byte[4097])).isEqualTo(8192);
    }

    @Test
    void aRecordThatGrowsIsCountedAndNotRefused() throws IOException {
        assertThat(space.reserve("ann", 600)).isEqualTo(Grant.GRANTED);
        space.replaced("ann", 100, 700);
        assertThat(space.reserved()).isEqualTo(1200);
        assertThat(space.reserve(null, 1)).isEqualTo(Grant.FULL);
        space.replaced("ann", 700, 100);
        assertThat(space.reserve(null, 400)).isEqualTo(Grant.GRANTED);
    }
}
