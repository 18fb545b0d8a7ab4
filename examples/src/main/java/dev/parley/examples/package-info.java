/** A gallery of demos: each class is one demo, to be read beside the page that runs it. */
@NullMarked
package dev.parley.examples;

import org.jspecify.annotations.NullMarked;
