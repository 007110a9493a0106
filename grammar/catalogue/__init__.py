"""Every message that dslc says about a strategy, one function a code.

Families: E1 document · E2 syntax · E3 names and order · E4 kinds and arguments ·
E5 causality and determinism · E6 limits · W7 warnings; a module each. A code keeps its meaning for ever; a
message may be reworded. The docstring is the documentation of the code, the arguments are what
the sentence needs, the return value is the sentence and, where there is one, the way out.
"""

from .causality import *  # noqa: F403
from .code import CATALOGUE as CATALOGUE
from .document import *  # noqa: F403
from .kinds import *  # noqa: F403
from .limits import *  # noqa: F403
from .names import *  # noqa: F403
from .syntax import *  # noqa: F403
from .verdicts import *  # noqa: F403
from .warnings import *  # noqa: F403
