package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import org.junit.jupiter.api.Test;

class Http2ProgressTest {
    private static final long TICKS = 10;

    private final Http2Progress progress = new Http2Progress();

    private Promise<Void> write() {
        Promise<Void> write = ImmediateEventExecutor.INSTANCE.newPromise();
        progress.written(write);
        return write;
    }

    private boolean isStalledAt(long tick) {
        return progress.isStalled(tick, TICKS);
    }

    @Test
    void whereNothingWaitsNobodyIsStalled() {
        assertThat(isStalledAt(0)).isFalse();
        write().setSuccess(null);
        assertThat(isStalledAt(10)).isFalse();
        assertThat(isStalledAt(20)).isFalse();
        assertThat(isStalledAt(1000)).isFalse();
    }

    @Test
    void aClientIsStalledThatHasTakenNothingForSoLong() {
        write();
        assertThat(isStalledAt(5)).isFalse();
        assertThat(isStalledAt(14)).isFalse();
        assertThat(isStalledAt(15)).isTrue();
    }

    @Test
    void eachWriteThatIsTakenGivesItTimeAnew() {
        Promise<Void> first = write();
        write();
        assertThat(isStalledAt(5)).isFalse();
        first.setSuccess(null);
        assertThat(isStalledAt(15)).isFalse();
        assertThat(isStalledAt(24)).isFalse();
        assertThat(isStalledAt(25)).isTrue();
    }

    @Test
    void whatIsWrittenBehindWhatWaitsGivesItNone() {
        write();
        assertThat(isStalledAt(5)).isFalse();
        write();
        assertThat(isStalledAt(15)).isTrue();
    }

    @Test
    void theTimeInWhichNothingWaitedDoesNotCount() {
        assertThat(isStalledAt(0)).isFalse();
        write(); // just before the next look
        assertThat(isStalledAt(10)).isFalse();
        assertThat(isStalledAt(20)).isTrue();
    }

    @Test
    void aWriteThatFailedDoesNotWait() {
        write().setFailure(new IllegalStateException("on purpose"));
        assertThat(isStalledAt(5)).isFalse();
        assertThat(isStalledAt(15)).isFalse();
    }
}
