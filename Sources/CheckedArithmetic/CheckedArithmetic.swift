// Arithmetic on numbers out of files, which may be any: a result that leaves its type's range is nil and stays nil
// through all that follows, where Swift's own operators would end the process. `tools/lint-arithmetic` holds the files
// that parse to it.

infix operator +? : AdditionPrecedence
infix operator -? : AdditionPrecedence
infix operator *? : MultiplicationPrecedence

/// The sum; nil where it leaves the range, or where a term is nil.
@inlinable public func +? <Number: FixedWidthInteger>(first: Number?, second: Number?) -> Number? {
    guard let first, let second else { return nil }
    let (value, overflow) = first.addingReportingOverflow(second)
    return overflow ? nil : value
}

/// The difference; nil where it leaves the range, or where a term is nil.
@inlinable public func -? <Number: FixedWidthInteger>(first: Number?, second: Number?) -> Number? {
    guard let first, let second else { return nil }
    let (value, overflow) = first.subtractingReportingOverflow(second)
    return overflow ? nil : value
}

/// The product; nil where it leaves the range, or where a factor is nil.
@inlinable public func *? <Number: FixedWidthInteger>(first: Number?, second: Number?) -> Number? {
    guard let first, let second else { return nil }
    let (value, overflow) = first.multipliedReportingOverflow(by: second)
    return overflow ? nil : value
}

extension FixedWidthInteger {
    /// The quotient, rounded up; nil where the divisor is not positive, or where the number is negative.
    @inlinable public func dividedRoundingUp(by divisor: Self) -> Self? {
        guard divisor > 0, self >= 0 else { return nil }
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder == 0 ? quotient : quotient +? 1
    }
}
