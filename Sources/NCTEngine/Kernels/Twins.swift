/// What the fast kernel and its twin, `scalar` being true, make of the same values.
func both<Values>(
    from values: Values, _ body: (_ scalar: Bool, _ values: inout Values) -> Void
) -> (fast: Values, scalar: Values) {
    var (fast, scalar) = (values, values)
    body(false, &fast)
    body(true, &scalar)
    return (fast, scalar)
}
