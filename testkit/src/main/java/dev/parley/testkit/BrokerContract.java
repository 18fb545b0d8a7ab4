package dev.parley.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.parley.topic.Broker;
import dev.parley.topic.Draft;
import dev.parley.topic.Position;
import dev.parley.topic.Publication;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The tests that each {@link Broker} must pass. Who writes one extends this class:
 *
 * <pre>{@code
 * final class RedisBrokerTest extends BrokerContract {
 *     @Override
 *     protected Broker broker() {
 *         return RedisBroker.connect(uri);
 *     }
 *
 *     @Override
 *     protected Broker another() {
 *         return RedisBroker.connect(uri);
 *     }
 * }
 * }</pre>
 *
 * <p>They show what is guaranteed there: one order, history and then live without a seam, an answer, and that what was
 * appended is heard. In all of them a listener checks that {@code began} comes first, that each publication follows the one
 * before, and that calls come one at a time. What a broken link to other nodes does (<i>no silent loss</i>) only the tests
 * of the broker can show, as only they can break its link.
 *
 * <p><b>Limits.</b> The brokers must keep the last {@value #KEPT} publications of a topic that a node has joined. Topics have
 * new names in each test, so what is kept between tests does not matter.
 *
 * <p><b>Threading.</b> One test at a time. Nothing sleeps; whatever takes longer than {@link #patience} fails.
 */
public abstract class BrokerContract {
    private static final int KEPT = 100;
    private static final int THREADS = 8;

    private final List<BrokerRecorder> recorders = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    private @Nullable Broker here;
    private @Nullable Broker there;

    /** For the subclass. */
    protected BrokerContract() {}

    /**
     * The broker of a first node. Called once before each test, which closes it.
     *
     * @return a broker that nobody uses
     */
    protected abstract Broker broker();

    /**
     * The broker of a second node that has the same topics. Called once before each test, after {@link #broker}, and closed
     * by it.
     *
     * @return a broker; the same one where several nodes share it
     */
    protected abstract Broker another();

    /**
     * How long a test waits for any single step before it fails.
     *
     * @return 60 s, unless this is overridden: long enough for a machine or a disk that others keep busy
     */
    protected Duration patience() {
        return Duration.ofSeconds(60);
    }

    @BeforeEach
    final void connect() {
        here = broker();
        there = another();
    }

    @AfterEach
    final void closeAndCheck() throws InterruptedException {
        threads.shutdownNow();
        if (here != null) {
            here.close();
        }
        if (there != null && there != here) {
            there.close();
        }
        assertThat(threads.awaitTermination(patience().toNanos(), TimeUnit.NANOSECONDS))
                .as("all threads ended")
                .isTrue();
        recorders.forEach(BrokerRecorder::check);
    }

    private Broker here() {
        return present(here);
    }

    private Broker there() {
        return present(there);
    }

    private static Broker present(@Nullable Broker broker) {
        if (broker == null) {
            throw new IllegalStateException("broker: none (expected: broker() and another())");
        }
        return broker;
    }

    // ---- one order

    @Test
    void offsetsAreOneTwoThree() {
        String topic = topic();
        BrokerRecorder recorder = join(here(), topic, 0);

        List<Position> answers = append(here(), topic, "a", "b", "c");

        long epoch = recorder.first().epoch();
        assertThat(recorder.first()).isEqualTo(new Position(epoch, 0));
        assertThat(answers).containsExactly(new Position(epoch, 1), new Position(epoch, 2), new Position(epoch, 3));
        assertThat(texts(recorder.heardTo(3))).containsExactly("a", "b", "c");
    }

    @Test
    void manyThreadsMakeOneOrderThatAllNodesHear() {
        String topic = topic();
        BrokerRecorder one = join(here(), topic, 0);
        BrokerRecorder two = join(there(), topic, 0);
        ConcurrentHashMap<Position, String> answers = new ConcurrentHashMap<>();

        int each = 100;
        inThreads(thread -> {
            for (int i = 0; i < each; i++) {
                String text = thread + "/" + i;
                Broker broker = (thread + i) % 2 == 0 ? here() : there();
                answers.put(await(broker.append(topic, Draft.of(text))), text);
            }
        });

        int all = THREADS * each;
        assertThat(answers).as("positions, each given once").hasSize(all);
        List<Publication> heard = one.heardTo(all);
        assertThat(heard).hasSize(all);
        for (Publication publication : heard) {
            assertThat(publication.text())
                    .as("what was answered with %s", publication.position())
                    .isEqualTo(answers.get(publication.position()));
        }
        assertThat(described(two.heardTo(all))).isEqualTo(described(heard));
        for (int thread = 0; thread < THREADS; thread++) {
            String own = thread + "/";
            assertThat(texts(heard).stream().filter(text -> text.startsWith(own)))
                    .as("what one thread appended, one after the other")
                    .containsExactlyElementsOf(
                            IntStream.range(0, each).mapToObj(i -> own + i).toList());
        }
    }

    @Test
    void topicsHaveEpochsOfTheirOwn() {
        Set<Long> epochs = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            epochs.add(join(here(), topic(), 0).first().epoch());
        }

        assertThat(epochs).hasSize(50);
    }

    @Test
    void manyTopicsAtOnceAreEachOnTheirOwn() {
        List<String> topics = Stream.generate(BrokerContract::topic).limit(20).toList();
        List<BrokerRecorder> heard =
                topics.stream().map(topic -> join(there(), topic, 0)).toList();

        int each = 5;
        inThreads(thread -> {
            for (int i = 0; i < each; i++) {
                topics.forEach(topic -> await(here().append(topic, Draft.of(topic))));
            }
        });

        for (int i = 0; i < topics.size(); i++) {
            assertThat(texts(heard.get(i).heardTo((long) THREADS * each)))
                    .hasSize(THREADS * each)
                    .containsOnly(topics.get(i));
        }
    }

    @Test
    void topicsWhoseNamesLookAlikeAreNotTheSame() {
        String topic = topic();
        List<String> names = Stream.of(
                        "", " ", "*", "?", "/", ":", "~", "%", "\\", "{a}", "[a]", "a", "A", "é", "e\u0301", "🎉")
                .map(end -> topic + end)
                .toList();
        List<BrokerRecorder> heard =
                names.stream().map(name -> join(there(), name, 0)).toList();

        names.forEach(name -> append(here(), name, name));

        for (int i = 0; i < names.size(); i++) {
            assertThat(texts(heard.get(i).heardTo(1))).containsExactly(names.get(i));
        }
    }

    // ---- history, then live, without a seam

    @Test
    void whoeverJoinsHearsWhereTheLogBeginsEvenIfItIsEmpty() {
        assertThat(join(here(), topic(), KEPT).first().offset()).isZero();
    }

    @Test
    void whoeverJoinsHearsWhatIsKeptAndThenWhatFollows() {
        String topic = topic();
        Position start = join(here(), topic, KEPT).first();
        append(here(), topic, "a", "b", "c");

        BrokerRecorder later = join(there(), topic, KEPT);

        assertThat(texts(later.heard()))
                .as("what was heard when join(…) completed")
                .containsExactly("a", "b", "c");
        assertThat(later.first()).isEqualTo(start);
        append(here(), topic, "d");
        assertThat(texts(later.heardTo(4))).containsExactly("a", "b", "c", "d");
    }

    @Test
    void whoeverWantsLessHearsTheLastOfWhatIsKept() {
        String topic = topic();
        long epoch = join(here(), topic, KEPT).first().epoch();
        append(here(), topic, "a", "b", "c", "d", "e");

        BrokerRecorder two = join(there(), topic, 2);
        BrokerRecorder none = join(there(), topic, 0);

        assertThat(two.first()).isEqualTo(new Position(epoch, 3));
        assertThat(texts(two.heard())).containsExactly("d", "e");
        assertThat(none.first()).isEqualTo(new Position(epoch, 5));
        assertThat(none.heard()).isEmpty();
        append(there(), topic, "f");
        assertThat(texts(two.heardTo(6))).containsExactly("d", "e", "f");
        assertThat(texts(none.heardTo(6))).containsExactly("f");
    }

    @Test
    void asMuchIsKeptAsThisContractNeeds() {
        String topic = topic();
        join(here(), topic, 0);
        String[] texts =
                IntStream.rangeClosed(1, 2 * KEPT).mapToObj(Integer::toString).toArray(String[]::new);
        append(here(), topic, texts);

        BrokerRecorder later = join(there(), topic, KEPT);

        assertThat(later.first().offset()).isEqualTo(KEPT);
        assertThat(texts(later.heard()))
                .containsExactly(List.of(texts).subList(KEPT, 2 * KEPT).toArray(String[]::new));
    }

    @Test
    void thereIsNoSeamWhileOthersAppend() {
        String topic = topic();
        BrokerRecorder all = join(here(), topic, 0);
        ConcurrentLinkedQueue<BrokerRecorder> joiners = new ConcurrentLinkedQueue<>();

        int steps = 20;
        int each = 5;
        int appending = THREADS / 2;
        Phaser step = new Phaser(THREADS); // so that some join while others append, in each step
        inThreads(thread -> {
            try {
                for (int i = 0; i < steps; i++) {
                    step.arriveAndAwaitAdvance();
                    Broker broker = i % 2 == 0 ? here() : there();
                    if (thread < appending) {
                        for (int k = 0; k < each; k++) {
                            await(broker.append(topic, Draft.of(thread + "/" + i + "/" + k)));
                        }
                    } else {
                        BrokerRecorder joiner = new BrokerRecorder(patience());
                        await(broker.join(topic, i * each, joiner));
                        joiners.add(joiner);
                    }
                }
            } finally {
                step.arriveAndDeregister(); // nobody waits for one that failed
            }
        });

        int last = appending * steps * each;
        List<String> expected = described(all.heardTo(last));
        assertThat(joiners).hasSize((THREADS - appending) * steps);
        for (BrokerRecorder joiner : joiners) {
            List<String> heard = described(joiner.heardTo(last));
            int missed = (int) joiner.first().offset();
            assertThat(heard)
                    .as("what one heard who joined behind %s", joiner.first())
                    .isEqualTo(expected.subList(missed, last));
        }
    }

    // ---- an answer; what was appended is heard

    @Test
    void whoeverAppendsHearsItToo() {
        String topic = topic();
        BrokerRecorder one = join(here(), topic, 0);
        BrokerRecorder two = join(there(), topic, 0);

        append(here(), topic, "from here");
        append(there(), topic, "from there");

        assertThat(texts(one.heardTo(2))).containsExactly("from here", "from there");
        assertThat(texts(two.heardTo(2))).containsExactly("from here", "from there");
    }

    @Test
    void whoeverHasNotJoinedMayAppend() {
        String topic = topic();
        BrokerRecorder recorder = join(here(), topic, 0);

        List<Position> answers = append(there(), topic, "a");

        assertThat(answers).containsExactly(new Position(recorder.first().epoch(), 1));
        assertThat(texts(recorder.heardTo(1))).containsExactly("a");
    }

    @Test
    void whatIsPassedOnMayBeAnsweredAtOnce() {
        String topic = topic();
        BrokerRecorder one = join(here(), topic, 0);
        BrokerRecorder two = join(there(), topic, 0);
        AtomicInteger appended = new AtomicInteger(1);
        ConcurrentLinkedQueue<CompletionStage<Position>> answers = new ConcurrentLinkedQueue<>();
        Runnable answer = () -> {
            int next = appended.incrementAndGet();
            if (next <= 50) {
                answers.add(here().append(topic, Draft.of(Integer.toString(next))));
            }
        };
        one.onReady(answer);
        two.onReady(answer);

        append(here(), topic, "1");

        assertThat(described(one.heardTo(50))).hasSize(50).isEqualTo(described(two.heardTo(50)));
        answers.forEach(this::await);
    }

    @Test
    void whoeverPassesOnMayJoinAndLeave() {
        String topic = topic();
        String otherTopic = topic();
        BrokerRecorder other = recorder();
        CompletableFuture<Broker.Link> joined = new CompletableFuture<>();
        BrokerRecorder recorder = join(here(), topic, 0);
        recorder.onReady(() -> {
            if (!joined.isDone()) {
                here().join(otherTopic, 0, other).whenComplete((link, failure) -> {
                    if (failure == null) {
                        joined.complete(link);
                    } else {
                        joined.completeExceptionally(failure);
                    }
                });
            }
        });

        append(there(), topic, "a");

        assertThat(await(joined)).isNotNull();
        append(there(), otherTopic, "b");
        assertThat(texts(other.heardTo(1))).containsExactly("b");
    }

    // ---- what arrives

    @Test
    void textsAndBytesOfAnySizeArriveUnchanged() {
        byte[] allBytes = new byte[256];
        for (int i = 0; i < allBytes.length; i++) {
            allBytes[i] = (byte) i;
        }
        List<Draft> drafts = new ArrayList<>();
        for (int size : new int[] {0, 1, 125, 126, 1023, 4096, 65_535, 65_536}) {
            drafts.add(Draft.of("x".repeat(size)));
            drafts.add(Draft.ofBytes(new byte[size]));
        }
        drafts.add(Draft.of("é 漢 🎉 \r\n\t\0 \u2028 \"'\\{}"));
        drafts.add(Draft.ofBytes(allBytes));
        drafts.add(Draft.ofUtf8(allBytes)); // which it is not: that is for the client's end to see

        expectUnchanged(drafts);
    }

    @Test
    void eventKeyAndTagsArriveUnchanged() {
        String odd = "é 漢 🎉 , ; : = * % \\ \" { } [ ] ~ ";
        expectUnchanged(List.of(
                Draft.of("a"),
                Draft.of("a").event("e"),
                Draft.of("a").event(odd),
                Draft.of("a").key(""),
                Draft.of("a").key("k"),
                Draft.of("a").key(odd + "\r\n\0"),
                Draft.of("a").tags(""),
                Draft.of("a").tags("t"),
                Draft.of("a").tags("t", "T", odd, "\n", "a,b", "a", "b"),
                Draft.of("a").event("null").key("null").tags("null"),
                Draft.ofBytes(new byte[] {1}).event("e").key("k").tags("t")));
    }

    private void expectUnchanged(List<Draft> drafts) {
        String topic = topic();
        BrokerRecorder one = join(here(), topic, 0);
        BrokerRecorder two = join(there(), topic, 0);

        drafts.forEach(draft -> await(here().append(topic, draft)));

        List<String> expected = drafts.stream()
                .map(draft -> described(draft.isText(), draft.payload(), draft.event(), draft.key(), draft.tags()))
                .toList();
        List<Publication> heard = one.heardTo(drafts.size());
        assertThat(heard.stream().map(BrokerContract::content)).containsExactlyElementsOf(expected);
        assertThat(described(two.heardTo(drafts.size()))).isEqualTo(described(heard));
        assertThat(described(join(there(), topic, KEPT).heard()))
                .as("what is kept")
                .isEqualTo(described(heard));
    }

    // ---- the end

    @Test
    void whoeverLeavesHearsNothingMoreAndDisturbsNobody() {
        String topic = topic();
        BrokerRecorder stays = join(here(), topic, 0);
        BrokerRecorder leaves = recorder();
        Broker.Link link = await(here().join(topic, 0, leaves));
        append(there(), topic, "a");
        leaves.heardTo(1);

        link.close();
        append(there(), topic, "b", "c");

        assertThat(texts(stays.heardTo(3))).containsExactly("a", "b", "c");
        assertThat(texts(leaves.heard())).containsExactly("a");
    }

    @Test
    void whoeverLeftMayJoinAgain() {
        String topic = topic();
        join(there(), topic, KEPT);
        Broker.Link link = await(here().join(topic, KEPT, recorder()));
        append(here(), topic, "a");
        link.close();
        append(there(), topic, "b");

        BrokerRecorder again = join(here(), topic, KEPT);

        assertThat(texts(again.heard())).containsExactly("a", "b");
        append(here(), topic, "c");
        assertThat(texts(again.heardTo(3))).containsExactly("a", "b", "c");
    }

    @Test
    void aClosedBrokerHearsNothingMoreAndDisturbsNobody() {
        assumeThat(there())
                .as("a broker for each node: with one for both nobody is left")
                .isNotSameAs(here());
        String topic = topic();
        BrokerRecorder closed = join(here(), topic, 0);
        BrokerRecorder stays = join(there(), topic, 0);
        append(here(), topic, "a");
        closed.heardTo(1);

        here().close();
        here = null; // closed once
        append(there(), topic, "b");

        assertThat(texts(stays.heardTo(2))).containsExactly("a", "b");
        assertThat(texts(closed.heard())).containsExactly("a");
    }

    // ---- how

    private static String topic() {
        return "contract/" + UUID.randomUUID();
    }

    private BrokerRecorder recorder() {
        BrokerRecorder recorder = new BrokerRecorder(patience());
        recorders.add(recorder);
        return recorder;
    }

    /** Joins, and waits until what was kept has been heard. */
    private BrokerRecorder join(Broker broker, String topic, int history) {
        BrokerRecorder recorder = recorder();
        await(broker.join(topic, history, recorder));
        recorder.first();
        return recorder;
    }

    /** Appends one after the other. */
    private List<Position> append(Broker broker, String topic, String... texts) {
        List<Position> answers = new ArrayList<>();
        for (String text : texts) {
            answers.add(await(broker.append(topic, Draft.of(text))));
        }
        return answers;
    }

    private <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(patience().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("not completed within " + patience(), e);
        } catch (ExecutionException e) {
            throw new AssertionError("failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** A part of a test that runs in one of several threads. */
    @FunctionalInterface
    private interface Part {
        void run(int thread);
    }

    private void inThreads(Part part) {
        List<CompletableFuture<Void>> parts = IntStream.range(0, THREADS)
                .mapToObj(thread -> CompletableFuture.runAsync(() -> part.run(thread), threads))
                .toList();
        parts.forEach(this::joined);
    }

    /** Waits for what one of several threads does: each step of it has its own time, and this ends one that hangs where nothing else would. */
    private void joined(CompletableFuture<Void> part) {
        try {
            part.get(10 * patience().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("still at work after " + patience().multipliedBy(10), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private static List<String> texts(List<Publication> publications) {
        return publications.stream().map(Publication::text).toList();
    }

    private static List<String> described(List<Publication> publications) {
        Function<Publication, String> all = it -> it.position() + " " + it.time() + " " + content(it);
        return publications.stream().map(all).toList();
    }

    private static String content(Publication it) {
        return described(it.isText(), it.payload(), it.event(), it.key(), it.tags());
    }

    /** All of it, as text that can be compared, and read where it differs. */
    private static String described(
            boolean text, byte[] payload, @Nullable String event, @Nullable String key, Set<String> tags) {
        return (text ? "text " : "bytes ") + payload.length + ":" + Text.latin1(payload) + ", event " + quoted(event)
                + ", key " + quoted(key) + ", tags "
                + tags.stream().sorted().map(BrokerContract::quoted).collect(Collectors.joining(" "));
    }

    private static String quoted(@Nullable String text) {
        return text == null ? "none" : text.length() + ":\"" + text + '"';
    }
}
