"""Classical fluid solver."""

from cnnhistory.system import System

SYSTEM = System(
    id="navier_stokes_classic",
    name="Classical fluid solver",
    year=1999,
    era="graphics",
    task="fluid simulation",
    paper="stam1999stable",
    see_also=("bridson2015fluid", "fedkiw2001visual", "harlow1965numerical"),
    deviations=(
        "velocities stand on the faces of a staggered grid, as with Harlow and Welch; Stam's stand "
        "in the cells",
        "walls and obstacles are closed and slippery; Stam's are closed or periodic",
        "what is carried along is corrected once by MacCormack's method; Stam's is not",
    ),
    object="graphics.fluid.simulation.Simulation",
    digest="navier-stokes-classic",
)
