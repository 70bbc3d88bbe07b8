"""Newton's method on the Rosenbrock function, with exact derivatives.

    python examples/newton_rosenbrock.py

The minimum lies at (1, 1), at the end of a narrow curved valley. A step solves H s = -g for the
gradient g and the Hessian H, and is halved until it leads downhill.
"""

import numpy as np

import minigrad as mg


def rosenbrock(p):
    x, y = p[0], p[1]
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def main():
    value_and_gradient = mg.value_and_grad(rosenbrock)
    hessian = mg.hessian(rosenbrock)

    point = np.array([-1.2, 1.0])
    print("step       x           y         f(x, y)     |gradient|")
    for step in range(50):
        value, gradient = (tensor.numpy() for tensor in value_and_gradient(point))
        size = np.linalg.norm(gradient)
        print(f"{step:3}  {point[0]:10.6f}  {point[1]:10.6f}  {value:11.4e}  {size:11.4e}")
        if size < 1e-10:
            break
        direction = np.linalg.solve(hessian(point).numpy(), -gradient)
        length = 1.0
        while length > 1e-10 and rosenbrock(point + length * direction) >= value:
            length /= 2
        point = point + length * direction
    print(f"minimum: {point.round(6).tolist()}")


if __name__ == "__main__":
    main()
