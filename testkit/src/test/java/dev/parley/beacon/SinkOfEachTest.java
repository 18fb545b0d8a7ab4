package dev.parley.beacon;

import dev.parley.testkit.BeaconSinkContract;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

final class SinkOfEachTest extends BeaconSinkContract {
    private final List<String> heard = Collections.synchronizedList(new ArrayList<>());
    private final AtomicBoolean failing = new AtomicBoolean();

    @Override
    protected BeaconSink sink() {
        return BeaconSink.each(beacon -> {
            if (failing.getAndSet(false)) {
                throw new IllegalStateException("a listener that fails");
            }
            heard.add(described(beacon));
        });
    }

    @Override
    protected List<String> stored() {
        return List.copyOf(heard);
    }

    @Override
    protected boolean failNext() {
        failing.set(true);
        return true;
    }

    @Override
    protected boolean isThreadSafe() {
        return true; // as its listener is
    }
}
