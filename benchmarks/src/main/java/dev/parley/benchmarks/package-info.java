/** Parley as a server under test, for load generators and protocol checks written by others. */
@NullMarked
package dev.parley.benchmarks;

import org.jspecify.annotations.NullMarked;
