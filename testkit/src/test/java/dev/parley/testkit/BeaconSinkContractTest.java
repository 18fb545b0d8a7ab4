package dev.parley.testkit;

import static dev.parley.testkit.ContractRun.expectFailure;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.beacon.Beacon;
import dev.parley.beacon.BeaconBody;
import dev.parley.beacon.BeaconSink;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A sink that breaks a guarantee does not pass: each that follows breaks one. */
final class BeaconSinkContractTest {

    @Test
    void whatKeepsAllGuaranteesPasses() {
        ContractRun.expectAll(Sound.class, 15, 0);
    }

    @Test
    void whatASinkDoesNotClaimIsSkipped() {
        ContractRun.expectAll(Modest.class, 12, 3);
    }

    static final class Modest extends Sound {
        @Override
        public boolean isDurable() {
            return false;
        }

        @Override
        protected boolean failNext() {
            return false;
        }

        @Override
        protected boolean isThreadSafe() {
            return false;
        }
    }

    // ---- each, once, in order

    @Test
    void oneThatBeginsWithSomethingFails() {
        expectFailure(BeginsFull.class, "nothingIsStoredAtFirst", "old");
    }

    static final class BeginsFull extends Sound {
        BeginsFull() {
            held.add("old");
        }
    }

    @Test
    void oneThatLosesFails() {
        expectFailure(Loses.class, "aBatchOfManyIsStoredInOrder", "number 1");
        expectFailure(Loses.class, "aCollectorBringsEachOnceAndInOrder", "number 1");
    }

    static final class Loses extends Sound {
        @Override
        void store(List<Beacon> batch) {
            super.store(batch.size() < 5 ? batch : batch.subList(0, batch.size() - 1));
        }
    }

    @Test
    void oneThatStoresTwiceFails() {
        expectFailure(StoresTwice.class, "aBatchOfOneIsStoredWhenItsStageCompletes", "number 1");
    }

    static final class StoresTwice extends Sound {
        @Override
        void store(List<Beacon> batch) {
            super.store(batch);
            super.store(batch);
        }
    }

    @Test
    void oneThatStoresInAnotherOrderFails() {
        expectFailure(Reverses.class, "aBatchOfManyIsStoredInOrder", "number 1");
        expectFailure(StoresOneBatchLate.class, "manyBatchesInARowAreStoredInOrder", "number 1");
    }

    static final class Reverses extends Sound {
        @Override
        void store(List<Beacon> batch) {
            List<Beacon> reversed = new ArrayList<>(batch);
            Collections.reverse(reversed);
            super.store(reversed);
        }
    }

    static final class StoresOneBatchLate extends Sound {
        private List<Beacon> late = List.of();

        @Override
        void store(List<Beacon> batch) {
            super.store(late);
            late = batch;
        }
    }

    @Test
    void oneThatTakesEqualBeaconsForTheSameFails() {
        expectFailure(Merges.class, "beaconsThatAreEqualAreStoredEach", "number 1");
    }

    static final class Merges extends Sound {
        @Override
        void store(List<Beacon> batch) {
            for (Beacon beacon : batch) {
                if (!held.contains(described(beacon))) {
                    held.add(described(beacon));
                }
            }
        }
    }

    @Test
    void oneThatChangesTheBatchFails() {
        expectFailure(Empties.class, "aBatchOfManyIsStoredInOrder", UnsupportedOperationException.class, "");
    }

    static final class Empties extends Sound {
        @Override
        void store(List<Beacon> batch) {
            super.store(batch);
            batch.clear();
        }
    }

    // ---- its answer

    @Test
    void oneThatNeverAnswersFails() {
        expectFailure(NeverAnswers.class, "aBatchOfOneIsStoredWhenItsStageCompletes", "not completed within PT0.2S");
        expectFailure(AnswersNull.class, "aBatchOfOneIsStoredWhenItsStageCompletes", "gave null (expected: a stage)");
    }

    static final class NeverAnswers extends Sound {
        /** It waits in vain. */
        @Override
        protected Duration patience() {
            return Duration.ofMillis(200);
        }

        @Override
        CompletionStage<?> answer() {
            return new CompletableFuture<>();
        }
    }

    static final class AnswersNull extends Sound {
        @Override
        @SuppressWarnings("NullAway") // what an application may do by mistake
        CompletionStage<?> answer() {
            return null;
        }
    }

    @Test
    void oneThatFailsWithoutReasonFails() {
        expectFailure(AlwaysFails.class, "aBatchOfOneIsStoredWhenItsStageCompletes", "failed: ");
    }

    static final class AlwaysFails extends Sound {
        @Override
        CompletionStage<?> answer() {
            return CompletableFuture.failedStage(new IllegalStateException("no"));
        }
    }

    @Test
    void oneThatKeepsAFailureForItselfFails() {
        expectFailure(
                HidesFailures.class, "aFailureIsToldAndTheNextBatchIsStored", "what the stage of the batch failed");
    }

    static final class HidesFailures extends Sound {
        @Override
        CompletionStage<?> failure() {
            return BeaconSink.STORED;
        }
    }

    @Test
    void oneThatNeverRecoversFails() {
        expectFailure(NeverRecovers.class, "aFailureIsToldAndTheNextBatchIsStored", "failed: ");
        expectFailure(ForgetsOnFailure.class, "aFailureIsToldAndTheNextBatchIsStored", "the one before is kept");
    }

    static final class NeverRecovers extends Sound {
        private boolean failed;

        @Override
        CompletionStage<?> failure() {
            failed = true;
            return super.failure();
        }

        @Override
        CompletionStage<?> answer() {
            return failed ? super.failure() : super.answer();
        }
    }

    static final class ForgetsOnFailure extends Sound {
        @Override
        CompletionStage<?> failure() {
            held.clear();
            return super.failure();
        }
    }

    // ---- as it came

    @Test
    void oneThatChangesWhatItStoresFails() {
        expectFailure(MakesTextOfAll.class, "bodiesOfAnyContentAreStoredAsTheyCame", "expected: ");
        expectFailure(CutsAtALine.class, "bodiesOfAnyContentAreStoredAsTheyCame", "expected: ");
        expectFailure(CutsWhatIsLong.class, "bodiesOfAnySizeAreStoredAsTheyCame", "expected: ");
        expectFailure(KeepsMillis.class, "timesAreStoredAsTheyWere", "2026-01-01T00:00:00.123456789Z");
        expectFailure(ForgetsTypes.class, "contentTypesAreStoredAsTheyCame", "IMAGE/PNG");
        expectFailure(ForgetsSources.class, "sourcesAreStoredAsTheyCame", "https://example.org");
    }

    /** Stores something else than what came. */
    abstract static class Changes extends Sound {
        abstract Beacon changed(Beacon beacon);

        @Override
        final void store(List<Beacon> batch) {
            super.store(batch.stream().map(this::changed).toList());
        }

        static Beacon with(Beacon beacon, byte[] body) {
            return new Beacon(
                    beacon.at(), beacon.source(), BeaconBody.of(beacon.body().contentType(), body));
        }
    }

    static final class MakesTextOfAll extends Changes {
        @Override
        Beacon changed(Beacon beacon) {
            return with(beacon, new String(beacon.body().bytes(), UTF_8).getBytes(UTF_8));
        }
    }

    static final class CutsAtALine extends Changes {
        @Override
        Beacon changed(Beacon beacon) {
            byte[] bytes = beacon.body().bytes();
            int end = 0;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            return with(beacon, Arrays.copyOf(bytes, end));
        }
    }

    static final class CutsWhatIsLong extends Changes {
        @Override
        Beacon changed(Beacon beacon) {
            byte[] bytes = beacon.body().bytes();
            return with(beacon, Arrays.copyOf(bytes, Math.min(65_535, bytes.length)));
        }
    }

    static final class KeepsMillis extends Changes {
        @Override
        Beacon changed(Beacon beacon) {
            return new Beacon(beacon.at().truncatedTo(ChronoUnit.MILLIS), beacon.source(), beacon.body());
        }
    }

    static final class ForgetsTypes extends Changes {
        @Override
        Beacon changed(Beacon beacon) {
            return new Beacon(
                    beacon.at(),
                    beacon.source(),
                    BeaconBody.of(null, beacon.body().bytes()));
        }
    }

    static final class ForgetsSources extends Changes {
        private @Nullable Beacon first;

        @Override
        Beacon changed(Beacon beacon) {
            first = first == null ? beacon : first;
            return new Beacon(beacon.at(), first.source(), beacon.body());
        }
    }

    // ---- what it says of itself

    @Test
    void oneThatDoesNotKnowWhetherItIsDurableFails() {
        expectFailure(ChangesItsMind.class, "whetherItIsDurableDoesNotChange", "false");
    }

    static final class ChangesItsMind extends Sound {
        @Override
        public boolean isDurable() {
            return held.isEmpty();
        }
    }

    @Test
    void oneThatOnlySaysThatItIsDurableFails() {
        expectFailure(IsForgotten.class, "whatADurableSinkHasStoredOutlivesIt", "number 1");
        expectFailure(BeginsAnew.class, "whatADurableSinkHasStoredOutlivesIt", "number 1");
        expectFailure(CannotBeReopened.class, "whatADurableSinkHasStoredOutlivesIt", "reopened(): not overridden");
    }

    static final class IsForgotten extends Sound {
        @Override
        protected BeaconSink reopened() {
            held.clear();
            return this;
        }
    }

    static final class BeginsAnew extends Sound {
        private boolean again;

        @Override
        protected BeaconSink reopened() {
            again = true;
            return this;
        }

        @Override
        void store(List<Beacon> batch) {
            if (again) {
                held.clear(); // as who opens a file to write, and not to append
            }
            super.store(batch);
        }
    }

    static final class CannotBeReopened extends Durable {}

    @Test
    void oneThatOnlyMindsOneThreadFails() {
        expectFailure(KnowsOneThread.class, "severalCollectorsMayShareOneThatIsThreadSafe", "Expected size: 1000");
    }

    static final class KnowsOneThread extends Sound {
        private @Nullable Thread owner;

        @Override
        synchronized void store(List<Beacon> batch) {
            owner = owner == null ? Thread.currentThread() : owner;
            if (owner == Thread.currentThread()) {
                super.store(batch);
            }
        }
    }

    // ---- how

    /** The contract, of a sink in memory that keeps all guarantees as it stands. */
    abstract static class Durable extends BeaconSinkContract implements BeaconSink {
        final List<String> held = Collections.synchronizedList(new ArrayList<>());
        private boolean failing;

        void store(List<Beacon> batch) {
            batch.forEach(it -> held.add(described(it)));
        }

        CompletionStage<?> answer() {
            return STORED;
        }

        CompletionStage<?> failure() {
            return CompletableFuture.failedStage(new IllegalStateException("disk full"));
        }

        @Override
        @SuppressWarnings("NullAway") // one of them returns nothing
        public CompletionStage<?> write(List<Beacon> batch) {
            if (failing) {
                failing = false;
                return failure();
            }
            store(batch);
            return answer();
        }

        @Override
        public boolean isDurable() {
            return true;
        }

        @Override
        protected BeaconSink sink() {
            return this;
        }

        @Override
        protected List<String> stored() {
            return List.copyOf(held);
        }

        @Override
        protected boolean failNext() {
            failing = true;
            return true;
        }

        @Override
        protected boolean isThreadSafe() {
            return true;
        }
    }

    static class Sound extends Durable {
        @Override
        protected BeaconSink reopened() {
            return this;
        }
    }
}
