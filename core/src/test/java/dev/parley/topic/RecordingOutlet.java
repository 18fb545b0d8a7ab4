package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what it is given, as a transport sees it: texts, {@code gap from..to}, {@code end}. Takes more or no more as
 * the test says, and fails on calls that the states of an outlet forbid. Confined to its executor.
 */
final class RecordingOutlet implements Outlet<List<Publication>> {
    /** The calling thread: one object, as subscriptions are grouped by it. */
    static final Executor DIRECT = Runnable::run;

    /** Shared by all that use it. */
    static final Encoding<List<Publication>> ENCODING = batch -> List.copyOf(batch.publications());

    final List<String> heard = new ArrayList<>();
    final List<Gap> gaps = new ArrayList<>();
    boolean writable = true;

    @Nullable
    Subscription subscription;

    Subscription.@Nullable End end;

    @Nullable
    Throwable failure;

    String idAtEnd = "";

    @Override
    public void begin(Subscription begun, List<Gap> lost) {
        assertThat(subscription).as("begun once").isNull();
        assertThat(end).as("begun before the end").isNull();
        subscription = begun;
        lost.forEach(this::tell);
    }

    @Override
    public boolean write(List<Publication> publications) {
        assertThat(subscription).as("begun").isNotNull();
        assertThat(end).as("written before the end").isNull();
        assertThat(publications).isNotEmpty();
        if (!writable) {
            return false;
        }
        publications.forEach(publication -> heard.add(publication.text()));
        return true;
    }

    @Override
    public boolean isWritable() {
        return writable;
    }

    @Override
    public void gaps(List<Gap> gaps) {
        gaps.forEach(this::gap);
    }

    private void gap(Gap gap) {
        assertThat(subscription).as("begun").isNotNull();
        assertThat(end).as("told before the end").isNull();
        tell(gap);
    }

    private void tell(Gap gap) {
        gaps.add(gap);
        heard.add(
                gap.isReset()
                        ? "reset " + gap.to().offset()
                        : "gap " + gap.from().offset() + ".." + gap.to().offset());
    }

    @Override
    public void end(Subscription.End why, @Nullable Throwable thrown) {
        assertThat(end).as("ended once").isNull();
        end = why;
        failure = thrown;
        if (subscription != null) {
            idAtEnd = subscription.id();
        }
    }

    Subscription subscribe(Topic topic, From from) {
        return subscribe(Subscription.to(topic).from(from));
    }

    /** In the calling thread. */
    Subscription subscribe(Subscription.Builder builder) {
        return builder.feed(DIRECT, ENCODING, this);
    }

    /** What it was begun with. */
    Subscription begun() {
        return Objects.requireNonNull(subscription, "not begun");
    }

    void resume() {
        writable = true;
        if (subscription != null) {
            subscription.resume();
        }
    }
}
