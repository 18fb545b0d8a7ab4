package dev.parley.testkit;

import static dev.parley.testkit.ContractRun.expectFailure;

import dev.parley.topic.Broker;
import dev.parley.topic.Draft;
import dev.parley.topic.Position;
import dev.parley.topic.Publication;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A broker that breaks a guarantee does not pass: each that follows breaks one. */
final class BrokerContractTest {
    private static final Duration IN_VAIN = Duration.ofMillis(200);

    @Test
    void whatKeepsAllGuaranteesPasses() {
        ContractRun.expectAll(Sound.class, 19, 0);
    }

    // ---- one order

    @Test
    void oneThatLosesFails() {
        expectFailure(Loses.class, "offsetsAreOneTwoThree", "-1 (expected: ");
        expectFailure(Loses.class, "manyThreadsMakeOneOrderThatAllNodesHear", "published(");
    }

    static final class Loses extends Broken {
        @Override
        void tell(Publication publication, Listener to) {
            if (publication.position().offset() != 2) {
                to.published(publication);
            }
        }
    }

    @Test
    void oneThatLosesTheLastFails() {
        expectFailure(LosesTheLast.class, "offsetsAreOneTwoThree", "-2, and ready() came behind 2 of 2 publications");
    }

    static final class LosesTheLast extends WaitedForInVain {
        @Override
        void tell(Publication publication, Listener to) {
            if (publication.position().offset() != 3) {
                to.published(publication);
            }
        }
    }

    @Test
    void oneThatTellsTwiceFails() {
        expectFailure(TellsTwice.class, "offsetsAreOneTwoThree", "published(");
    }

    static final class TellsTwice extends Broken {
        @Override
        void tell(Publication publication, Listener to) {
            to.published(publication);
            to.published(publication);
        }
    }

    @Test
    void oneThatTellsInAnotherOrderFails() {
        expectFailure(Swaps.class, "offsetsAreOneTwoThree", "-2) came behind ");
    }

    static final class Swaps extends WaitedForInVain {
        private @Nullable Publication held;

        @Override
        void tell(Publication publication, Listener to) {
            Publication before = held;
            held = before == null ? publication : null;
            if (before != null) {
                to.published(publication);
                to.published(before);
            }
        }
    }

    @Test
    void oneWithOneEpochForAllTopicsFails() {
        expectFailure(OneEpoch.class, "topicsHaveEpochsOfTheirOwn", "50");
    }

    static final class OneEpoch extends Broken {
        @Override
        void tellBegan(Position position, Listener to) {
            to.began(new Position(1, position.offset()));
        }
    }

    @Test
    void oneThatMixesTopicsFails() {
        expectFailure(IgnoresCase.class, "topicsWhoseNamesLookAlikeAreNotTheSame", "A\"");
    }

    static final class IgnoresCase extends Broken {
        @Override
        public CompletionStage<Link> join(String topic, int history, Listener listener) {
            return super.join(topic.toLowerCase(Locale.ROOT), history, listener);
        }

        @Override
        public CompletionStage<Position> append(String topic, Draft draft) {
            return super.append(topic.toLowerCase(Locale.ROOT), draft);
        }
    }

    // ---- history, then live, without a seam

    @Test
    void oneThatDoesNotSayWhereTheLogBeginsFails() {
        expectFailure(NeverBegins.class, "whoeverJoinsHearsWhereTheLogBeginsEvenIfItIsEmpty", "nothing was heard");
        expectFailure(
                BeginsLast.class, "whoeverJoinsHearsWhatIsKeptAndThenWhatFollows", "came first (expected: began(");
    }

    static final class NeverBegins extends Broken {
        @Override
        void tellBegan(Position position, Listener to) {}
    }

    static final class BeginsLast extends Broken {
        private @Nullable Position begin;

        @Override
        void tellBegan(Position position, Listener to) {
            begin = position;
        }

        @Override
        void tellReady(Listener to) {
            if (begin != null) {
                to.began(begin);
                begin = null;
            }
            to.ready();
        }
    }

    @Test
    void oneWithAHoleAtTheSeamFails() {
        expectFailure(
                HoleWaitedForInVain.class,
                "whoeverJoinsHearsWhatIsKeptAndThenWhatFollows",
                "(expected: offset 4 heard");
        expectFailure(HoleAtTheSeam.class, "thereIsNoSeamWhileOthersAppend", "published(");
    }

    static final class HoleWaitedForInVain extends HoleAtTheSeam {
        @Override
        protected Duration patience() {
            return IN_VAIN;
        }
    }

    static class HoleAtTheSeam extends Broken {
        @Override
        public CompletionStage<Link> join(String topic, int history, Listener listener) {
            return super.join(topic, history, new Listener() {
                private boolean live;
                private boolean hadHistory;
                private boolean skipped;

                @Override
                public void began(Position position) {
                    listener.began(position);
                }

                @Override
                public void published(Publication publication) {
                    hadHistory |= !live;
                    if (live && hadHistory && !skipped) {
                        skipped = true;
                    } else {
                        listener.published(publication);
                    }
                }

                @Override
                public void ready() {
                    live = true;
                    listener.ready();
                }
            });
        }
    }

    @Test
    void oneThatForgetsTheHistoryFails() {
        expectFailure(Forgets.class, "whoeverJoinsHearsWhatIsKeptAndThenWhatFollows", "join(…) completed");
        expectFailure(KeepsLittle.class, "asMuchIsKeptAsThisContractNeeds", "150L");
    }

    static final class Forgets extends Broken {
        @Override
        public CompletionStage<Link> join(String topic, int history, Listener listener) {
            return super.join(topic, 0, listener);
        }
    }

    static final class KeepsLittle extends Broken {
        @Override
        public CompletionStage<Link> join(String topic, int history, Listener listener) {
            return super.join(topic, Math.min(50, history), listener);
        }
    }

    @Test
    void oneThatGivesMoreThanIsWantedFails() {
        expectFailure(GivesAll.class, "whoeverWantsLessHearsTheLastOfWhatIsKept", "-3");
    }

    static final class GivesAll extends Broken {
        @Override
        public CompletionStage<Link> join(String topic, int history, Listener listener) {
            return super.join(topic, Integer.MAX_VALUE, listener);
        }
    }

    // ---- an answer; what was appended is heard

    @Test
    void oneThatAnswersWithAnotherPositionFails() {
        expectFailure(AnswersWrongly.class, "offsetsAreOneTwoThree", "to contain exactly");
        expectFailure(AnswersWrongly.class, "manyThreadsMakeOneOrderThatAllNodesHear", "what was answered with ");
    }

    static final class AnswersWrongly extends Broken {
        @Override
        public CompletionStage<Position> append(String topic, Draft draft) {
            return super.append(topic, draft).thenApply(it -> new Position(it.epoch(), it.offset() + 1));
        }
    }

    @Test
    void oneThatNeverAnswersFails() {
        expectFailure(NeverAnswers.class, "whoeverAppendsHearsItToo", "not completed within PT0.2S");
    }

    static final class NeverAnswers extends WaitedForInVain {
        @Override
        public CompletionStage<Position> append(String topic, Draft draft) {
            CompletionStage<Position> answer = super.append(topic, draft);
            return answer.thenCompose(it -> new CompletableFuture<>());
        }
    }

    @Test
    void oneThatAppendsTwiceFails() {
        expectFailure(AppendsTwice.class, "offsetsAreOneTwoThree", "to contain exactly");
    }

    static final class AppendsTwice extends Broken {
        @Override
        public CompletionStage<Position> append(String topic, Draft draft) {
            return super.append(topic, draft).thenCompose(it -> super.append(topic, draft));
        }
    }

    @Test
    void oneThatNeverPassesOnFails() {
        expectFailure(NeverReady.class, "whoeverAppendsHearsItToo", "ready() came behind 0 of 2 publications");
    }

    static final class NeverReady extends WaitedForInVain {
        @Override
        void tellReady(Listener to) {}
    }

    @Test
    void oneThatPassesOnBeforeAllHaveHeardFails() {
        expectFailure(PassesOnUnderItsLock.class, "whatIsPassedOnMayBeAnsweredAtOnce", "published(");
    }

    static final class PassesOnUnderItsLock extends Broken {
        @Override
        void tell(Publication publication, Listener to) {
            to.published(publication);
            to.ready();
        }
    }

    // ---- what arrives

    @Test
    void oneThatChangesWhatArrivesFails() {
        expectFailure(MakesTextOfAll.class, "textsAndBytesOfAnySizeArriveUnchanged", "bytes 0:");
        expectFailure(ForgetsTags.class, "eventKeyAndTagsArriveUnchanged", "tags 1:\"t\"");
        expectFailure(ConfusesNoneAndEmpty.class, "eventKeyAndTagsArriveUnchanged", "key 0:\"\"");
        expectFailure(HasManyClocks.class, "eventKeyAndTagsArriveUnchanged", "1970-01-01T00:00:00");
    }

    /** Makes something else of what was published. */
    abstract static class Changes extends Broken {
        abstract Draft changed(Publication publication);

        Instant time(Publication publication) {
            return publication.time();
        }

        @Override
        final void tell(Publication publication, Listener to) {
            to.published(Publication.of(publication.position(), time(publication), changed(publication)));
        }

        static Draft draft(Publication it) {
            Draft draft = it.isText() ? Draft.ofUtf8(it.payload()) : Draft.ofBytes(it.payload());
            draft = it.event() == null ? draft : draft.event(it.event());
            draft = it.key() == null ? draft : draft.key(it.key());
            return draft.tags(it.tags().toArray(String[]::new));
        }
    }

    static final class MakesTextOfAll extends Changes {
        @Override
        Draft changed(Publication publication) {
            return Draft.of(publication.text());
        }
    }

    static final class ForgetsTags extends Changes {
        @Override
        Draft changed(Publication publication) {
            return draft(publication).tags(new String[0]); // not the accessor
        }
    }

    static final class ConfusesNoneAndEmpty extends Changes {
        @Override
        Draft changed(Publication publication) {
            return publication.key() == null ? draft(publication).key("") : draft(publication);
        }
    }

    static final class HasManyClocks extends Changes {
        private final AtomicLong millis = new AtomicLong();

        @Override
        Instant time(Publication publication) {
            return Instant.ofEpochMilli(millis.incrementAndGet());
        }

        @Override
        Draft changed(Publication publication) {
            return draft(publication);
        }
    }

    // ---- the end

    @Test
    void oneThatCannotBeLeftFails() {
        expectFailure(NeverLeaves.class, "whoeverLeavesHearsNothingMoreAndDisturbsNobody", "\"b\"");
    }

    static final class NeverLeaves extends Broken {
        @Override
        public CompletionStage<Link> join(String topic, int history, Listener listener) {
            return super.join(topic, history, listener).thenApply(link -> () -> {});
        }
    }

    @Test
    void oneThatGoesOnAfterItsEndFails() {
        expectFailure(NeverCloses.class, "aClosedBrokerHearsNothingMoreAndDisturbsNobody", "\"b\"");
    }

    static final class NeverCloses extends Sound {
        @Override
        protected Broker another() {
            return new Node(shared);
        }

        @Override
        protected Broker broker() {
            return new Node(shared) {
                @Override
                public void close() {}
            };
        }
    }

    // ---- how

    /** Two nodes that share a broker in memory, and keep all guarantees. */
    static class Sound extends BrokerContract {
        final Broker shared = Broker.inMemory();

        @Override
        protected Broker broker() {
            return new Node(shared);
        }

        @Override
        protected Broker another() {
            return new Node(shared);
        }
    }

    /** A node of a broker that others share: its end is not theirs. */
    static class Node implements Broker {
        private final Broker shared;
        private final List<CompletionStage<Link>> links = new CopyOnWriteArrayList<>();

        Node(Broker shared) {
            this.shared = shared;
        }

        @Override
        public CompletionStage<Link> join(String topic, int history, Listener listener) {
            CompletionStage<Link> joined = shared.join(topic, history, listener);
            links.add(joined);
            return joined;
        }

        @Override
        public CompletionStage<Position> append(String topic, Draft draft) {
            return shared.append(topic, draft);
        }

        @Override
        public void close() {
            links.forEach(joined -> joined.thenAccept(Link::close));
        }
    }

    /** Keeps from the contract what it waits for. All else comes at once, on the thread of the test. */
    abstract static class WaitedForInVain extends Broken {
        @Override
        protected Duration patience() {
            return IN_VAIN;
        }
    }

    /** The contract, of a broker in memory that this gets between: as it stands it keeps all guarantees. */
    abstract static class Broken extends BrokerContract implements Broker {
        private final Broker sound = Broker.inMemory();

        void tellBegan(Position position, Listener to) {
            to.began(position);
        }

        void tell(Publication publication, Listener to) {
            to.published(publication);
        }

        void tellReady(Listener to) {
            to.ready();
        }

        @Override
        public CompletionStage<Link> join(String topic, int history, Listener listener) {
            return sound.join(topic, history, new Listener() {
                @Override
                public void began(Position position) {
                    tellBegan(position, listener);
                }

                @Override
                public void published(Publication publication) {
                    tell(publication, listener);
                }

                @Override
                public void ready() {
                    tellReady(listener);
                }
            });
        }

        @Override
        public CompletionStage<Position> append(String topic, Draft draft) {
            return sound.append(topic, draft);
        }

        @Override
        public void close() {
            sound.close();
        }

        @Override
        protected Broker broker() {
            return this;
        }

        @Override
        protected Broker another() {
            return this;
        }
    }
}
