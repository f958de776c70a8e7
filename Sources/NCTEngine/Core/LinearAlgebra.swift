import COpenBLAS

/// The bridge to OpenBLAS and its LAPACK.
///
/// OpenBLAS runs one thread per call: the engine cuts its products into pieces of fixed size and runs the pieces on its
/// own threads, so that the bytes of a result do not depend on their number.
package enum LinearAlgebra {
    private static let singleThreaded: Void = openblas_set_num_threads(1)

    /// C = A·B, all row-major: A is `rows × inner` with the given row stride, B `inner × columns`, C `rows × columns`.
    package static func multiply(
        rows: Int, columns: Int, inner: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
        bStride: Int, c: UnsafeMutablePointer<Float>, cStride: Int, accumulate: Bool = false
    ) {
        _ = singleThreaded
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(columns), blasint(inner), 1, a,
            blasint(aStride), b, blasint(bStride), accumulate ? 1 : 0, c, blasint(cStride))
    }

    /// C += AᵀA (full square, row-major) for A of `rows × columns`.
    package static func addGram(
        rows: Int, columns: Int, a: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>
    ) {
        _ = singleThreaded
        cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, blasint(columns), blasint(columns), blasint(rows), 1, a,
            blasint(columns), a, blasint(columns), 1, c, blasint(columns))
    }

    /// Eigenvalues (descending) and eigenvectors (rows, unit length, largest component positive) of a symmetric matrix.
    package static func symmetricEigen(_ matrix: [Double], size: Int) -> (values: [Double], vectors: [[Double]]) {
        _ = singleThreaded
        precondition(matrix.count == size * size, "a square matrix")
        var a = matrix
        var n = Int32(size)
        var w = [Double](repeating: 0, count: size)
        var info: Int32 = 0
        var workSize = Int32(1 + 6 * size + 2 * size * size)
        var integerSize = Int32(3 + 5 * size)
        var work = [Double](repeating: 0, count: Int(workSize))
        var integers = [Int32](repeating: 0, count: Int(integerSize))
        var job = CChar(UInt8(ascii: "V"))
        var triangle = CChar(UInt8(ascii: "L"))
        var leading = n
        dsyevd_(&job, &triangle, &n, &a, &leading, &w, &work, &workSize, &integers, &integerSize, &info)
        precondition(info == 0, "the eigensolver met a matrix that is not finite")
        // Ascending columns in column-major order come out; descending rows go on.
        let vectors = (0..<size).reversed().map { column -> [Double] in
            let vector = Array(a[column * size..<(column + 1) * size])
            let largest = vector.max { abs($0) < abs($1) } ?? 1
            return largest < 0 ? vector.map { -$0 } : vector
        }
        return (Array(w.reversed()), vectors)
    }

    /// Solves A·x = b for a symmetric positive definite A, `size × size`.
    ///
    /// - Parameter rightSides: one b after the other, `size` values each.
    /// - Returns: the solutions in the same order; nil if A is not positive definite.
    package static func solvePositive(_ matrix: [Double], size: Int, rightSides: [Double]) -> [Double]? {
        _ = singleThreaded
        precondition(matrix.count == size * size && rightSides.count % max(1, size) == 0, "a square system")
        var (a, b) = (matrix, rightSides)
        var (n, count, leading, info) = (Int32(size), Int32(rightSides.count / max(1, size)), Int32(size), Int32(0))
        var triangle = CChar(UInt8(ascii: "L"))
        var other = leading
        dposv_(&triangle, &n, &count, &a, &leading, &b, &other, &info)
        return info == 0 ? b : nil
    }
}
